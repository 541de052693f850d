using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Names;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>
/// Hugging Face's <c>CLIPModel</c> folders: <c>config.json</c> of <c>model_type</c> clip, weights, tokenizer, preprocessor. Those of siglip are
/// <see cref="SiglipFormat"/>'s.
/// </summary>
internal static class HuggingFaceFormat
{
    private const int LargestId = 2; // CLIPModel's own sign for it

    /// <summary>The <c>model_type</c> of a folder's configuration; null if it is none of Hugging Face's.</summary>
    public static string? ModelType(string folder)
    {
        var path = Path.Combine(folder, ModelFolder.ConfigFile);
        return File.Exists(path) ? JsonFile.Read<ClipDescription>(path).ModelType : null;
    }

    /// <summary>The model of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="weights">Its weights; owned by the result.</param>
    /// <param name="tokenizer">Reads its tokenizer.</param>
    /// <exception cref="CheckpointFormatException">The configuration is damaged, or of something that Flip's towers are not.</exception>
    public static StoredModel Open(string folder, ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var path = Path.Combine(folder, ModelFolder.ConfigFile);
        var description = JsonFile.Read<ClipDescription>(path);
        if (description.ModelType == SiglipFormat.ModelType)
        {
            return SiglipFormat.Open(folder, weights, tokenizer);
        }

        var vision = description.VisionConfigDict ?? description.VisionConfig ?? new();
        var text = description.TextConfigDict ?? description.TextConfig ?? new();
        CheckTowers(path, description, vision, text);
        var (normalization, eval, assumptions) = HuggingFacePreprocessor.Read(folder, vision.ImageSize, siglip: false);
        var model = HuggingFaceTowers.Read(ClipDefaults.Model, path, vision, text) with { EmbedDim = description.ProjectionDim };
        model = model with
        {
            Image = model.Image with { Normalization = normalization },
            Text = model.Text with
            {
                EndOfText = text.EosTokenId == LargestId ? EndOfTextRule.Argmax : EndOfTextRule.Eos,
                EosTokenId = text.EosTokenId is >= 0 and not LargestId && text.EosTokenId < text.VocabSize ? text.EosTokenId : null,
            },
        };
        var config = ClipDefaults.Config(model) with { Eval = eval };
        config = config with { Data = TokenizerFactory.AsHuggingFace(config.Data, folder) };
        return new StoredModel("Hugging Face CLIPModel", config, weights, HuggingFaceNames.Table, tokenizer)
        {
            Assumptions = assumptions,
        };
    }

    /// <summary>What of a configuration the format cannot say; empty where it can say all.</summary>
    public static IEnumerable<string> Obstacles(FlipConfig config) => IsSiglip(config) ? SiglipFormat.Obstacles(config) : ClipTowers.Obstacles(config.Model).Concat(
        config.Train.Loss == LossKind.Sigmoid ? ["a logit bias (train.loss = sigmoid)"] : []);

    /// <summary>Whether a model is written as a <c>SiglipModel</c>, not as a <c>CLIPModel</c>.</summary>
    public static bool IsSiglip(FlipConfig config) => config.Model.Image.Pooling == ImagePooling.Attention;

    /// <summary>Writes the files beside the weights.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="config">What the model is.</param>
    /// <param name="tokenizer">Names its markers; null where it has none.</param>
    /// <param name="externalData">
    /// Of a folder of ONNX graphs, which transformers.js opens: the number of files of weights that each has beside it, by its name. Null for weights.
    /// </param>
    public static void Describe(string folder, FlipConfig config, ITokenizer? tokenizer, JsonObject? externalData = null)
    {
        if (IsSiglip(config) && externalData is null)
        {
            SiglipFormat.Describe(folder, config, tokenizer);
            return;
        }

        var text = config.Model.Text;
        var (visionTower, textTower) = HuggingFaceTowers.Write(config.Model, "clip");
        (visionTower["projection_dim"], textTower["projection_dim"]) = (config.Model.EmbedDim, config.Model.EmbedDim);
        if (tokenizer is ClipBpeTokenizer bpe)
        {
            textTower["bos_token_id"] = bpe.StartOfTextId;
            textTower["pad_token_id"] = bpe.PaddingId;
        }

        // The largest id is CLIP's marker, unless tokens were added behind it.
        var end = text.EosTokenId ?? tokenizer?.EndOfTextId;
        var largest = text.EndOfText == EndOfTextRule.Argmax && end != tokenizer?.VocabularySize - 1;
        textTower["eos_token_id"] = largest ? LargestId : end ?? LargestId;

        var description = new JsonObject
        {
            ["architectures"] = new JsonArray("CLIPModel"),
            ["model_type"] = "clip",
            ["projection_dim"] = config.Model.EmbedDim,
            ["logit_scale_init_value"] = config.Model.LogitScaleInit,
            ["vision_config"] = visionTower,
            ["text_config"] = textTower,
        };
        if (externalData is { Count: > 0 })
        {
            description["transformers.js_config"] = new JsonObject { ["use_external_data_format"] = externalData };
        }

        JsonFile.Write(Path.Combine(folder, ModelFolder.ConfigFile), description);
        HuggingFacePreprocessor.Write(folder, config, forTransformersJs: externalData is not null);
    }

    private static void CheckTowers(string path, ClipDescription description, ClipTower vision, ClipTextTower text)
    {
        var problems = new List<string>();
        void Ask(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }

        Ask(
            description.ModelType == "clip",
            description.ModelType == SiglipFormat.NaFlex
                ? "model_type is 'siglip2', a NaFlex model: its images keep their proportions, and their patches differ in number; Flip has SigLIP 2 of one image size (model_type siglip, such as google/siglip2-base-patch16-224)"
                : $"model_type is '{description.ModelType}', and only clip and siglip are supported");
        Ask(vision.NumChannels == 3, $"images have {vision.NumChannels} channels");
        if (problems.Count > 0)
        {
            throw new CheckpointFormatException(path, null, string.Join("; ", problems));
        }
    }

    private sealed record ClipDescription
    {
        public string? ModelType { get; init; }

        public int ProjectionDim { get; init; } = 512;

        public ClipTower? VisionConfig { get; init; }

        public ClipTower? VisionConfigDict { get; init; }

        public ClipTextTower? TextConfig { get; init; }

        public ClipTextTower? TextConfigDict { get; init; }
    }

    private sealed record ClipTower : HuggingFaceImageTower
    {
        /// <summary>CLIPVisionConfig's defaults.</summary>
        public ClipTower() => (PatchSize, HiddenAct, LayerNormEps) = (32, "quick_gelu", ClipDefaults.LayerNormEps);
    }

    private sealed record ClipTextTower : HuggingFaceTextTower
    {
        /// <summary>CLIPTextConfig's defaults.</summary>
        public ClipTextTower()
        {
            (HiddenSize, IntermediateSize, NumAttentionHeads) = (512, 2048, 8);
            (VocabSize, MaxPositionEmbeddings) = (49408, 77);
            (HiddenAct, LayerNormEps) = ("quick_gelu", ClipDefaults.LayerNormEps);
        }

        public int? EosTokenId { get; init; } = 49407;
    }
}
