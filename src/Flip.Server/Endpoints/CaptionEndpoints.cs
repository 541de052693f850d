using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>A caption.</summary>
/// <param name="Caption">Its words.</param>
/// <param name="LogProbability">Natural logarithm of its probability.</param>
internal sealed record CaptionItem(string Caption, double LogProbability);

/// <summary>Captions.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Results">Of each image, in their order, the best first.</param>
internal sealed record CaptionAnswer(string Model, IReadOnlyList<IReadOnlyList<CaptionItem>> Results);

/// <summary>Captions of images.</summary>
internal sealed class CaptionEndpoints(ServerState state) : IServerFeature
{
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapImages<CaptionRequest, CaptionAnswer>("/caption", CaptionAsync, "Captions of images, of a captioner.");

    private async Task<IResult> CaptionAsync(HttpContext context)
    {
        state.Require(Abilities.Captions);
        using var input = await RequestInput.ReadAsync(context, state);
        var images = input.Images("images");
        var top = input.Fields.Number("top", 1, state.Engine.Model.Captions!.MostCaptions, 1);
        state.CheckModel(input.Fields, isRequired: false);
        input.Fields.End();
        var found = await state.OfImagesAsync(images, context, bytes => state.Engine.CaptionAsync(bytes, top, context.RequestAborted));
        return JsonAnswer.Of(new CaptionAnswer(
            state.Engine.Model.Name, [.. found.Select(of => (IReadOnlyList<CaptionItem>)[.. of.Select(one => new CaptionItem(one.Text, one.LogProbability))])]));
    }
}
