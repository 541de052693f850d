using Flip.Config;
using Flip.Data.Images;
using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>An image without some of its patches.</summary>
/// <param name="Ratio">Share of patches removed.</param>
/// <param name="Kept">Indices of the patches that are seen, row by row.</param>
/// <param name="Cosine">Cosine of its embedding and that of the whole image.</param>
/// <param name="Image">The image as the model sees it, its removed patches gray: a PNG as a data URI.</param>
internal sealed record MaskItem(double Ratio, IReadOnlyList<int> Kept, double Cosine, string Image);

/// <summary>An image through masks.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Patches">Patches of the whole image.</param>
/// <param name="Results">A view for each ratio, in their order.</param>
internal sealed record MaskAnswer(string Model, int Patches, IReadOnlyList<MaskItem> Results);

/// <summary>An image as training shows it: with a part of its patches.</summary>
internal sealed class MaskEndpoints(ServerState state) : IServerFeature
{
    private const int MostRatios = 16;
    private static readonly double[] PaperRatios = [0, 0.5, 0.75];

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapImages<MaskRequest, MaskAnswer>("/mask", MaskAsync, "An image with a part of its patches removed, and how far its embedding moves.");

    private async Task<IResult> MaskAsync(HttpContext context)
    {
        state.Require(Abilities.Embeddings);
        using var input = await RequestInput.ReadAsync(context, state);
        var fields = input.Fields;
        var images = input.Images("images");
        if (images.Count > 1)
        {
            fields.Add("#/images", "Expected one image.");
        }

        var patches = state.Engine.Model.Config.Model.Image.PatchCount();
        var ratios = fields.Numbers("ratios", MostRatios, "a share of patches to remove, of which one at least remains", ratio => ratio is >= 0 and < 1 && MaskRatio.Kept(patches, ratio) >= 1)
            ?? [.. PaperRatios.Where(ratio => MaskRatio.Kept(patches, ratio) >= 1)];
        var seed = fields.Number("seed", 0, int.MaxValue, 0);
        state.CheckModel(fields, isRequired: false);
        fields.End();

        var seen = await state.OfImagesAsync(images, context, bytes => state.Engine.MaskAsync(bytes[0], ratios, (ulong)seed, context.RequestAborted));
        var image = state.Engine.Model.Config.Model.Image;
        return JsonAnswer.Of(new MaskAnswer(state.Engine.Model.Name, patches, [.. seen.Views.Select(view => new MaskItem(
            view.Ratio, view.Kept, view.Cosine,
            $"data:image/png;base64,{Convert.ToBase64String(MaskedImage.Render(seen.Pixels, image.ImageSize, image.PatchSize, view.Kept))}"))]));
    }
}
