using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>Which of our variants CLIP's own towers are, the only ones that some formats can say.</summary>
internal static class ClipTowers
{
    /// <summary>What of a model CLIP's two towers do not have; empty where they are it.</summary>
    public static IEnumerable<string> Obstacles(ModelConfig model) => OfImage(model.Image).Concat(OfText(model.Text));

    /// <summary>What of an image tower CLIP's does not have.</summary>
    public static IEnumerable<string> OfImage(ImageConfig image)
    {
        if (!image.Projection)
        {
            yield return "no projection of images (model.image.projection)";
        }

        if (image.ClassToken != ClassToken.WithPosition)
        {
            yield return "no class token with a position (model.image.classToken)";
        }

        if (image.Pooling != ImagePooling.ClassToken)
        {
            yield return "a mean over patches (model.image.pooling)";
        }

        if (image.FinalNorm == FinalNorm.None)
        {
            yield return "no LayerNorm at the end of the image tower (model.image.finalNorm)";
        }

        if (!image.PreNorm)
        {
            yield return "no LayerNorm before the first block (model.image.preNorm)";
        }

        if (image.PatchBias)
        {
            yield return "a bias in the patch projection (model.image.patchBias)";
        }
    }

    /// <summary>What of a text tower CLIP's does not have.</summary>
    public static IEnumerable<string> OfText(TextConfig text)
    {
        if (!text.Projection || text.ProjectionBias)
        {
            yield return "no projection of texts, or one with a bias (model.text.projection, model.text.projectionBias)";
        }

        if (!text.Causal)
        {
            yield return "text that is not causal (model.text.causal)";
        }

        if (text.Pooling != TextPooling.EndOfText)
        {
            yield return "a text feature that is not read at the end-of-text token (model.text.pooling)";
        }

        // With causal text the padding behind the marker is never seen, so it does not matter there.
        if (!text.AttendPadding && !text.Causal)
        {
            yield return "masked padding (model.text.attendPadding)";
        }
    }
}
