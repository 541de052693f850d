using Flip.Config;
using Flip.Conversion.Names;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>Checkpoints of the official FLIP release: Flax parameters without a configuration, so sizes are read off the tensors.</summary>
internal static class OfficialFlipFormat
{
    private const string PatchKernel = "img_encoder/embedding/kernel";

    /// <summary>Whether the tensors have the release's names.</summary>
    public static bool Recognizes(ITensorSource weights) => weights.Contains(PatchKernel) && weights.Contains("txt_mlp1/kernel");

    /// <summary>The model, with a class token (the release) or without one (the paper).</summary>
    /// <param name="weights">The checkpoint; owned by the result.</param>
    /// <param name="tokenizer">Reads the tokenizer; the release has none in its checkpoints.</param>
    public static StoredModel Open(ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var shapes = new StateShapes(weights);
        var (imageWidth, textWidth) = (shapes.Size(PatchKernel, 3), shapes.Size("txt_mlp1/kernel", 0));
        var hasToken = weights.Contains("img_encoder/cls");
        var patch = shapes.Size(PatchKernel, 0);
        var image = new ImageConfig
        {
            PatchSize = patch,
            ImageSize = shapes.ImageSize(patch, OfficialFlipNames.ImagePositions, hasToken ? 1 : 0),
            Width = imageWidth,
            Depth = shapes.Depth("img_encoder/Transformer/encoderblock_"),
            Heads = HeadCount.OfImage(imageWidth),
            MlpRatio = shapes.Size("img_encoder/Transformer/encoderblock_00/MlpBlock_0/Dense_0/kernel", 1) / (double)imageWidth,
            ClassToken = hasToken ? ClassToken.WithoutPosition : ClassToken.None,
        };
        if (!FixedPositions.Match(weights, OfficialFlipNames.ImagePositions, image, hasToken ? 1 : 0))
        {
            throw new CheckpointFormatException(
                weights.Path, OfficialFlipNames.ImagePositions, $"is not the fixed sine-cosine table of {image.GridSize()}×{image.GridSize()} patches");
        }

        var text = new TextConfig
        {
            VocabularySize = shapes.Size("txt_encoder/token_embedding/embedding", 0),
            Length = shapes.Size("txt_encoder/posembed_encoder/pos_embedding", 1),
            Width = textWidth,
            Depth = shapes.Depth("txt_encoder/Transformer/encoderblock_"),
            Heads = HeadCount.OfText(textWidth),
            MlpRatio = shapes.Size("txt_encoder/Transformer/encoderblock_00/MlpBlock_0/Dense_0/kernel", 1) / (double)textWidth,
        };
        var config = new FlipConfig
        {
            Model = new() { Image = image, Text = text, EmbedDim = shapes.Size("txt_mlp1/kernel", 1) },
            Data = new() { WordPieceVariant = WordPieceVariant.TfText },
            Eval = new() { Transform = EvalTransform.FlipTensorFlow },
            Train = ForeignTraining.Recipe,
        };
        return new StoredModel("official FLIP (Flax)", config, weights, OfficialFlipNames.Table, tokenizer)
        {
            Assumptions = BareWeights.Assumptions(config),
        };
    }
}
