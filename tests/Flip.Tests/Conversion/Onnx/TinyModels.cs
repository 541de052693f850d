using Flip.Config;
using Flip.Models;
using Flip.Tests.Data;
using Flip.Tokenizers;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>Models of two small blocks a tower, with every weight off its first value, so that one which is dropped is seen.</summary>
internal static class TinyModels
{
    public const int EndOfTextId = 29;

    public static readonly ModelConfig Paper = new()
    {
        Image = new ImageConfig { ImageSize = 16, PatchSize = 4, Width = 16, Depth = 2, Heads = 2 },
        Text = new TextConfig { VocabularySize = 30, Length = 8, Width = 12, Depth = 2, Heads = 3 },
        EmbedDim = 8,
    };

    public static readonly ModelConfig Clip = Paper with
    {
        Image = Paper.Image with
        {
            ClassToken = ClassToken.WithPosition,
            Positions = ImagePositions.Learned,
            Pooling = ImagePooling.ClassToken,
            PatchBias = false,
            PreNorm = true,
            Normalization = PixelNormalization.Clip,
        },
        Text = Paper.Text with { Causal = true, Pooling = TextPooling.EndOfText },
        Activation = Activation.QuickGelu,
        LayerNormEps = 1e-5,
        NormEps = 0,
        LogitScaleClamp = LogitScaleClamp.Parameter,
    };

    /// <summary>For models that read the end of a text.</summary>
    public static ITokenizer Tokenizer { get; } = new CharTokenizer { EndOfTextId = EndOfTextId };

    public static FlipModel Make(ModelConfig config, LossKind loss = LossKind.InfoNce, ScalarType type = ScalarType.Float32)
    {
        var model = new FlipModel(config, loss, type, seed: 5);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        model.Parameters.Master.Plus_(randn(model.Parameters.Count, generator: generator), 0.1);
        model.Parameters.CastToCompute();
        return model;
    }

    public static void Fill(Parameter parameter, float value)
    {
        using var noGrad = no_grad();
        parameter.Master.fill_(value);
    }
}
