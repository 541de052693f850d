using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Names;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>Hugging Face's <c>SiglipModel</c> folders, SigLIP and SigLIP 2 of one image size: <c>config.json</c> of <c>model_type</c> siglip.</summary>
internal static class SiglipFormat
{
    /// <summary>The <c>model_type</c>.</summary>
    public const string ModelType = "siglip";

    /// <summary>The <c>model_type</c> of SigLIP 2 for images of any size.</summary>
    public const string NaFlex = "siglip2";

    /// <summary>The model of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="weights">Its weights; owned by the result.</param>
    /// <param name="tokenizer">Reads its tokenizer.</param>
    /// <exception cref="CheckpointFormatException">The configuration is damaged, or of something that Flip's towers are not.</exception>
    public static StoredModel Open(string folder, ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var path = Path.Combine(folder, ModelFolder.ConfigFile);
        var description = JsonFile.Read<Description>(path);
        var (vision, text) = (description.VisionConfig ?? new(), description.TextConfig ?? new());
        Check(path, vision, text);
        var (normalization, eval, assumptions) = HuggingFacePreprocessor.Read(folder, vision.ImageSize, siglip: true);
        var model = HuggingFaceTowers.Read(ClipDefaults.Model, path, vision, text) with { EmbedDim = vision.HiddenSize };
        model = model with
        {
            Image = model.Image with
            {
                ClassToken = ClassToken.None,
                Pooling = ImagePooling.Attention,
                Projection = false,
                PatchBias = true,
                PreNorm = false,
                Normalization = normalization,
            },
            Text = model.Text with { Causal = false, Pooling = TextPooling.LastToken, EndOfText = EndOfTextRule.Eos, ProjectionBias = true },
        };
        var config = ClipDefaults.Config(model);
        config = config with
        {
            Data = config.Data with { Tokenizer = TokenizerKind.SentencePiece },
            Eval = eval,
            Train = config.Train with { Loss = LossKind.Sigmoid },
        };
        return new StoredModel("Hugging Face SiglipModel", config, weights, HuggingFaceNames.Siglip, tokenizer) { Assumptions = assumptions };
    }

    /// <summary>What of a configuration the format cannot say; empty where it can say all.</summary>
    public static IEnumerable<string> Obstacles(FlipConfig config)
    {
        var (image, text) = (config.Model.Image, config.Model.Text);
        (bool Holds, string What)[] asked =
        [
            (image.Pooling == ImagePooling.Attention, "an image feature that is not read by attention pooling (model.image.pooling)"),
            (!image.Projection, "a projection behind the image's pooling (model.image.projection)"),
            (image.ClassToken == ClassToken.None, "a class token (model.image.classToken)"),
            (!image.PreNorm, "a LayerNorm before the first block (model.image.preNorm)"),
            (image.PatchBias, "no bias in the patch projection (model.image.patchBias)"),
            (image.FinalNorm == FinalNorm.BeforePooling, "no LayerNorm before the pooling (model.image.finalNorm)"),
            (!text.Causal, "text that is causal (model.text.causal)"),
            (text.AttendPadding, "masked padding (model.text.attendPadding)"),
            (text.Pooling == TextPooling.LastToken, "a text feature that is not read at the last position (model.text.pooling)"),
            (text.Projection, "no text projection (model.text.projection)"),
            (text.ProjectionBias, "a text projection without bias (model.text.projectionBias)"),
            (config.Train.Loss == LossKind.Sigmoid, "no logit bias (train.loss)"),
        ];
        return asked.Where(one => !one.Holds).Select(one => one.What);
    }

    /// <summary>Writes the configuration beside the weights.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="config">What the model is.</param>
    /// <param name="tokenizer">Names its markers; null where it has none.</param>
    public static void Describe(string folder, FlipConfig config, ITokenizer? tokenizer)
    {
        var (visionTower, textTower) = HuggingFaceTowers.Write(config.Model, ModelType);
        textTower["projection_size"] = config.Model.EmbedDim;
        if (tokenizer is { EndOfTextId: { } end, PaddingId: var padding })
        {
            (textTower["eos_token_id"], textTower["pad_token_id"]) = (end, padding);
        }

        JsonFile.Write(Path.Combine(folder, ModelFolder.ConfigFile), new JsonObject
        {
            ["architectures"] = new JsonArray("SiglipModel"),
            ["model_type"] = ModelType,
            ["vision_config"] = visionTower,
            ["text_config"] = textTower,
        });
        HuggingFacePreprocessor.Write(folder, config, forTransformersJs: false);
    }

    private static void Check(string path, VisionTower vision, TextTower text)
    {
        List<string> problems = [];
        if (vision.NumChannels != 3)
        {
            problems.Add($"images have {vision.NumChannels} channels");
        }

        if (vision.VisionUseHead == false)
        {
            problems.Add("the image tower has no pooling (vision_use_head is false)");
        }

        if (text.ProjectionSize is { } size && size != vision.HiddenSize)
        {
            problems.Add($"texts are projected to {size} numbers and images have {vision.HiddenSize}");
        }
        else if (text.ProjectionSize is null && text.HiddenSize != vision.HiddenSize)
        {
            problems.Add($"texts have {text.HiddenSize} numbers and images {vision.HiddenSize}");
        }

        if (problems.Count > 0)
        {
            throw new CheckpointFormatException(path, null, string.Join("; ", problems));
        }
    }

    private sealed record Description
    {
        public VisionTower? VisionConfig { get; init; }

        public TextTower? TextConfig { get; init; }
    }

    private sealed record VisionTower : HuggingFaceImageTower
    {
        /// <summary>SiglipVisionConfig's defaults.</summary>
        public VisionTower() => (PatchSize, HiddenAct, LayerNormEps) = (16, "gelu_pytorch_tanh", 1e-6);

        public bool? VisionUseHead { get; init; }
    }

    private sealed record TextTower : HuggingFaceTextTower
    {
        /// <summary>SiglipTextConfig's defaults.</summary>
        public TextTower() => (VocabSize, MaxPositionEmbeddings, HiddenAct, LayerNormEps) = (32000, 64, "gelu_pytorch_tanh", 1e-6);

        public int? ProjectionSize { get; init; }
    }
}
