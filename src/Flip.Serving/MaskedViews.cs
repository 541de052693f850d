using Flip.Config;
using Flip.Models;

namespace Flip.Serving;

/// <summary>An image of which patches are removed, as in training, and how far that moves its embedding.</summary>
/// <param name="Ratio">Share of patches removed.</param>
/// <param name="Kept">Indices of the patches that are seen, row by row.</param>
/// <param name="Cosine">Cosine of its embedding and that of the whole image.</param>
public sealed record MaskedView(double Ratio, IReadOnlyList<int> Kept, double Cosine);

/// <summary>An image as the model sees it, with views of it.</summary>
/// <param name="Pixels">RGB 0..255, <c>[S, S, 3]</c>.</param>
/// <param name="Views">The views, in the order of their ratios.</param>
public sealed record MaskedViews(byte[] Pixels, IReadOnlyList<MaskedView> Views)
{
    /// <summary>Looks at an image through masks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="pixels">RGB 0..255, <c>[S, S, 3]</c>.</param>
    /// <param name="ratios">Shares of patches removed, each in [0, 1).</param>
    /// <param name="seed">Chooses the patches.</param>
    internal static MaskedViews Of(FlipModel model, byte[] pixels, IReadOnlyList<double> ratios, ulong seed)
    {
        var whole = new InferenceEncoder(model).EncodeImages(pixels, 1);
        return new MaskedViews(pixels, [.. ratios.Select(ratio =>
        {
            var isWhole = MaskRatio.Kept(model.Config.Image.PatchCount(), ratio) == model.Config.Image.PatchCount();
            var encoder = isWhole ? new InferenceEncoder(model) : new InferenceEncoder(model, InferenceMask.Masked, ratio, seed);
            var embedding = encoder.EncodeImages(pixels, 1);
            var cosine = embedding.Zip(whole, (a, b) => (double)a * b).Sum();
            return new MaskedView(ratio, [.. encoder.ViewsOf(0)[0].Select(patch => (int)patch).Order()], cosine);
        })]);
    }
}
