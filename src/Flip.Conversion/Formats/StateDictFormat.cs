using Flip.Config;
using Flip.Conversion.Names;
using Flip.Io;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Conversion.Formats;

/// <summary>
/// Weights with OpenAI's names and no configuration: OpenAI's own files and open_clip's training checkpoints. Sizes are read off the
/// tensors; what no tensor tells is taken as OpenAI's loader takes it, and said.
/// </summary>
internal static class StateDictFormat
{
    private const string PatchKernel = "visual.conv1.weight";
    private const int HeadWidth = 64;

    /// <summary>Whether the tensors have OpenAI's names, with a ViT as image tower.</summary>
    public static bool Recognizes(ITensorSource weights) => weights.Contains(PatchKernel) && weights.Contains("visual.class_embedding");

    /// <summary>The model.</summary>
    /// <param name="weights">The checkpoint; owned by the result.</param>
    /// <param name="tokenizer">Reads the tokenizer; such files have none.</param>
    public static StoredModel Open(ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var shapes = new StateShapes(weights);
        var openAi = weights.Contains("input_resolution"); // only OpenAI's files say their sizes beside the weights
        var ownTextTower = weights.Contains("text.token_embedding.weight");
        var text = ownTextTower ? "text." : string.Empty;
        var (imageWidth, textWidth) = (shapes.Size(PatchKernel, 0), shapes.Size($"{text}ln_final.weight", 0));
        var patch = shapes.Size(PatchKernel, 2);
        var start = ClipDefaults.Model;
        var model = start with
        {
            Image = start.Image with
            {
                PatchSize = patch,
                ImageSize = patch * shapes.Grid("visual.positional_embedding", 1),
                Width = imageWidth,
                Depth = shapes.Depth("visual.transformer.resblocks."),
                Heads = Math.Max(1, imageWidth / HeadWidth),
                MlpRatio = shapes.Size("visual.transformer.resblocks.0.mlp.c_fc.weight", 0) / (double)imageWidth,
                PositionResize = PositionResize.BicubicAntialias,
            },
            Text = start.Text with
            {
                VocabularySize = shapes.Size($"{text}token_embedding.weight", 0),
                Length = shapes.Size($"{text}positional_embedding", 0),
                Width = textWidth,
                Depth = shapes.Depth($"{text}transformer.resblocks."),
                Heads = Math.Max(1, textWidth / HeadWidth),
                MlpRatio = shapes.Size($"{text}transformer.resblocks.0.mlp.c_fc.weight", 0) / (double)textWidth,
            },
            EmbedDim = shapes.Size($"{text}text_projection", 1),
            Activation = openAi ? Activation.QuickGelu : Activation.Gelu,
        };
        var config = ClipDefaults.Config(model);
        config = config with
        {
            Train = config.Train with { Loss = weights.Contains("logit_bias") ? LossKind.Sigmoid : LossKind.InfoNce },
        };
        return new StoredModel(openAi ? "OpenAI CLIP" : "open_clip checkpoint", config, weights, ClipNames.OpenClip(ownTextTower, timmTrunk: false), tokenizer)
        {
            Assumptions =
            [
                new(
                    $"No configuration says how many attention heads the towers have; taken as {model.Image.Heads} and {model.Text.Heads}, width / {HeadWidth}, "
                    + "as OpenAI's loader does (-s model.image.heads=N, -s model.text.heads=N change it).",
                    "model.image.heads",
                    "model.text.heads"),
                openAi
                    ? new("The activation is taken as quickGelu, which all of OpenAI's models have.", "model.activation")
                    : new(
                        "No configuration says which activation the MLPs have; taken as gelu (-s model.activation=quickGelu changes it).",
                        "model.activation"),
            ],
        };
    }
}
