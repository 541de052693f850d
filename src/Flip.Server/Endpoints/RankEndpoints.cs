using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>One that was ranked.</summary>
/// <param name="Index">Its place in the request.</param>
/// <param name="Text">The text, where texts are ranked.</param>
/// <param name="Cosine">Cosine of image and text.</param>
/// <param name="Probability">Softmax over all of the scaled cosines; of a model trained with the sigmoid loss its own probability.</param>
internal sealed record RankedItem(int Index, string? Text, double Cosine, double Probability);

/// <summary>A ranking.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="By">What each ranking is for.</param>
/// <param name="Results">For each image or text, in their order, the best first.</param>
internal sealed record RankAnswer(string Model, string By, IReadOnlyList<IReadOnlyList<RankedItem>> Results);

/// <summary>Which texts fit an image, which images fit a text.</summary>
internal sealed class RankEndpoints(ServerState state) : IServerFeature
{
    private const int DefaultTop = 5;
    private const string ByImage = "image";
    private const string ByText = "text";

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapImages<RankRequest, RankAnswer>("/rank", RankAsync, "Texts ranked for images, or images for texts.");

    private async Task<IResult> RankAsync(HttpContext context)
    {
        state.Require(Abilities.Embeddings);
        using var input = await RequestInput.ReadAsync(context, state);
        var fields = input.Fields;
        var images = input.Images("images");
        var texts = fields.Texts("texts", state.Limits.Texts, state.Limits.TextLength) ?? [];
        if (fields.Value("texts") is null)
        {
            fields.Add("#/texts", "Expected the texts.");
        }

        var by = fields.Choice("by", [ByImage, ByText], ByImage);
        var top = fields.Number("top", 1, ServerLimits.Most, DefaultTop);
        state.CheckModel(fields, isRequired: false);
        fields.End();

        var found = await state.OfImagesAsync(images, context, bytes => by == ByImage
            ? state.Engine.RankTextsAsync(bytes, texts, top, context.RequestAborted)
            : state.Engine.RankImagesAsync(bytes, texts, top, context.RequestAborted));
        return JsonAnswer.Of(new RankAnswer(
            state.Engine.Model.Name,
            by,
            [.. found.Select(of => (IReadOnlyList<RankedItem>)[.. of.Select(match => new RankedItem(match.Item, by == ByImage ? texts[match.Item] : null, match.Cosine, match.Probability))])]));
    }
}
