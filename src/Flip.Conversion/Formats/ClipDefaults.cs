using Flip.Config;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>What all CLIP formats share beside their sizes.</summary>
internal static class ClipDefaults
{
    /// <summary>Epsilon of CLIP's LayerNorms.</summary>
    public const double LayerNormEps = 1e-5;

    /// <summary>CLIP's variants of the two towers, to be given sizes.</summary>
    public static ModelConfig Model { get; } = new()
    {
        Image = new()
        {
            ClassToken = ClassToken.WithPosition,
            Positions = ImagePositions.Learned,
            Pooling = ImagePooling.ClassToken,
            PatchBias = false,
            PreNorm = true,
            Normalization = PixelNormalization.Clip,
            MaskRatio = 0,
        },
        Text = new() { VocabularySize = 49408, Length = 77, Causal = true, Pooling = TextPooling.EndOfText, EndOfText = EndOfTextRule.Argmax },
        Activation = Activation.QuickGelu,
        LayerNormEps = LayerNormEps,
        NormEps = 0,
        LogitScaleClamp = LogitScaleClamp.Parameter,
    };

    /// <summary>A model with CLIP's tokenizer, prompts and evaluation transform.</summary>
    public static FlipConfig Config(ModelConfig model) => new()
    {
        Model = model,
        Data = new() { Tokenizer = TokenizerKind.ClipBpe },
        Eval = new() { Transform = EvalTransform.Clip, Templates = "clip80" },
        Train = ForeignTraining.Recipe,
    };

    /// <summary>The normalisation of a mean and deviation.</summary>
    /// <exception cref="CheckpointFormatException">They are none that we know.</exception>
    public static PixelNormalization Normalization(string path, IReadOnlyList<double>? mean, IReadOnlyList<double>? deviation)
    {
        if (mean is null || deviation is null)
        {
            return PixelNormalization.Clip;
        }

        foreach (var candidate in Enum.GetValues<PixelNormalization>())
        {
            var (m, d) = Models.PixelStatistics.Of(candidate);
            if (Near(mean, m) && Near(deviation, d))
            {
                return candidate;
            }
        }

        throw new CheckpointFormatException(
            path, null, $"pixels are normalised by mean [{string.Join(", ", mean)}] and deviation [{string.Join(", ", deviation)}], which is neither CLIP's, ImageNet's nor 0.5");
    }

    private static bool Near(IReadOnlyList<double> stated, float[] known) =>
        stated.Count == known.Length && stated.Zip(known).All(pair => Math.Abs(pair.First - pair.Second) < 1e-4);
}
