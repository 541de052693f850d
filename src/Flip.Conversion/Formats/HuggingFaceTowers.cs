using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>A tower of a Hugging Face configuration. Files say only what differs from the defaults of their kind.</summary>
internal abstract record HuggingFaceTower
{
    public int HiddenSize { get; init; } = 768;

    public int IntermediateSize { get; init; } = 3072;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    public string HiddenAct { get; init; } = "";

    public double LayerNormEps { get; init; }
}

/// <inheritdoc/>
internal abstract record HuggingFaceImageTower : HuggingFaceTower
{
    public int NumChannels { get; init; } = 3;

    public int ImageSize { get; init; } = 224;

    public int PatchSize { get; init; }
}

/// <inheritdoc/>
internal abstract record HuggingFaceTextTower : HuggingFaceTower
{
    public int VocabSize { get; init; }

    public int MaxPositionEmbeddings { get; init; }
}

/// <summary>What the configurations of <c>CLIPModel</c> and <c>SiglipModel</c> say in the same words.</summary>
internal static class HuggingFaceTowers
{
    /// <summary>A model with the sizes, activations and epsilons of two towers.</summary>
    /// <param name="start">The rest of it.</param>
    /// <param name="path">The configuration's file, for errors.</param>
    /// <param name="vision">The image tower.</param>
    /// <param name="text">The text tower.</param>
    /// <exception cref="CheckpointFormatException">Flip does not have an activation.</exception>
    public static ModelConfig Read(ModelConfig start, string path, HuggingFaceImageTower vision, HuggingFaceTextTower text) => start with
    {
        Image = start.Image with
        {
            ImageSize = vision.ImageSize,
            PatchSize = vision.PatchSize,
            Width = vision.HiddenSize,
            Depth = vision.NumHiddenLayers,
            Heads = vision.NumAttentionHeads,
            MlpRatio = MlpRatio(vision),
            Activation = vision.HiddenAct == text.HiddenAct ? null : ActivationOf(path, vision.HiddenAct),
            LayerNormEps = vision.LayerNormEps == text.LayerNormEps ? null : vision.LayerNormEps,
        },
        Text = start.Text with
        {
            VocabularySize = text.VocabSize,
            Length = text.MaxPositionEmbeddings,
            Width = text.HiddenSize,
            Depth = text.NumHiddenLayers,
            Heads = text.NumAttentionHeads,
            MlpRatio = MlpRatio(text),
        },
        Activation = ActivationOf(path, text.HiddenAct),
        LayerNormEps = text.LayerNormEps,
    };

    /// <summary>The same of a model, for a configuration.</summary>
    /// <param name="model">The model.</param>
    /// <param name="kind">Hugging Face's name of the kind, clip or siglip.</param>
    public static (JsonObject Vision, JsonObject Text) Write(ModelConfig model, string kind)
    {
        var (image, text) = (model.Image, model.Text);
        var vision = Write($"{kind}_vision_model", image.Width, image.MlpRatio, image.Depth, image.Heads, model.ImageBlocks());
        vision["image_size"] = image.ImageSize;
        vision["patch_size"] = image.PatchSize;
        vision["num_channels"] = 3;
        var texts = Write($"{kind}_text_model", text.Width, text.MlpRatio, text.Depth, text.Heads, model.TextBlocks());
        texts["vocab_size"] = text.VocabularySize;
        texts["max_position_embeddings"] = text.Length;
        return (vision, texts);
    }

    private static JsonObject Write(string type, int width, double mlpRatio, int depth, int heads, BlockKind kind) => new()
    {
        ["model_type"] = type,
        ["hidden_size"] = width,
        ["intermediate_size"] = MlpWidth.Of(width, mlpRatio),
        ["num_hidden_layers"] = depth,
        ["num_attention_heads"] = heads,
        ["hidden_act"] = NameOf(kind.Activation),
        ["layer_norm_eps"] = kind.LayerNormEps,
        ["attention_dropout"] = 0.0,
    };

    private static double MlpRatio(HuggingFaceTower tower) => tower.IntermediateSize / (double)Math.Max(1, tower.HiddenSize);

    private static Activation ActivationOf(string path, string name) => name switch
    {
        "quick_gelu" => Activation.QuickGelu,
        "gelu" => Activation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" => Activation.GeluTanh,
        _ => throw new CheckpointFormatException(path, null, $"hidden_act is '{name}'; quick_gelu, gelu and gelu_pytorch_tanh are supported"),
    };

    private static string NameOf(Activation activation) => activation switch
    {
        Activation.QuickGelu => "quick_gelu",
        Activation.Gelu => "gelu",
        _ => "gelu_pytorch_tanh",
    };
}
