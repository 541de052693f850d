using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Names;
using Flip.Io;
using Flip.Models;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Conversion.Formats;

/// <summary>
/// open_clip's folders: <c>open_clip_config.json</c> and weights. CLIP's image tower is open_clip's own; every other variant is timm's
/// VisionTransformer with its arguments spelled out, and then the text tower stands on its own (<c>custom_text</c>).
/// </summary>
internal static class OpenClipFormat
{
    /// <summary>Name of the configuration's file.</summary>
    public const string ConfigFile = "open_clip_config.json";

    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "open_clip_model.safetensors";

    private const double TimmEps = 1e-6; // timm's LayerNorm; a configuration cannot change it

    /// <summary>The model of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="weights">Its weights; owned by the result.</param>
    /// <param name="tokenizer">Reads its tokenizer.</param>
    /// <exception cref="CheckpointFormatException">The configuration is damaged, or of something that Flip's towers are not.</exception>
    public static StoredModel Open(string folder, ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var path = Path.Combine(folder, ConfigFile);
        var file = JsonFile.Read<OpenClipDescription>(path);
        var problems = file.Problems().ToList();
        if (problems.Count > 0)
        {
            throw new CheckpointFormatException(path, null, string.Join("; ", problems));
        }

        var trunk = file.ModelCfg!.VisionCfg.TimmModelName is not null;
        var model = file.ToModel(path);
        if (FixedPositions.Match(weights, trunk ? "visual.trunk.pos_embed" : "visual.positional_embedding", model.Image))
        {
            model = model with { Image = model.Image with { Positions = ImagePositions.SinCos } };
        }

        var config = ClipDefaults.Config(model);
        var text = file.ModelCfg.TextCfg;
        config = config with
        {
            Data = OpenClipTokenizer.Settings(
                config.Data, folder, text.HfTokenizerName, text.TokenizerKwargs?.Clean, text.TokenizerKwargs?.StripSepToken == true),
            Train = config.Train with { Loss = weights.Contains("logit_bias") ? LossKind.Sigmoid : LossKind.InfoNce },
        };
        return new StoredModel(
            "open_clip", config, weights, Names(config, trunk, weights), () => TokenizerFactory.With(config.Data, tokenizer()));
    }

    /// <summary>What of a configuration the format cannot say; empty where it can say all.</summary>
    public static IEnumerable<string> Obstacles(FlipConfig config)
    {
        var (image, text) = (config.Model.Image, config.Model.Text);
        if (ClipTowers.OfImage(image).Any())
        {
            if (image.PatchBias == image.PreNorm)
            {
                yield return "a patch bias together with a LayerNorm before the first block, or neither (model.image.patchBias, model.image.preNorm)";
            }

            if (config.Model.LayerNormEps != TimmEps)
            {
                yield return $"an epsilon other than {TimmEps} in an image tower that is not CLIP's (model.layerNormEps)";
            }
        }

        if (text.Pooling == TextPooling.Mean)
        {
            yield return "a text feature that is a mean (model.text.pooling)";
        }

        if (!text.AttendPadding && !text.Causal)
        {
            yield return "masked padding (model.text.attendPadding)";
        }
    }

    /// <summary>The names that a model gets when it is written.</summary>
    public static IWeightNames Names(FlipConfig config)
    {
        var trunk = ClipTowers.OfImage(config.Model.Image).Any();
        return ClipNames.OpenClip(ownTextTower: trunk, trunk);
    }

    /// <summary>Writes the files beside the weights.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="config">The model.</param>
    /// <param name="tokenizer">Its tokenizer; null where there is none.</param>
    /// <param name="repository">Name of the hub's repository that the folder becomes; null where it is not known.</param>
    public static void Describe(string folder, FlipConfig config, ITokenizer? tokenizer = null, string? repository = null)
    {
        var (model, (mean, deviation)) = (config.Model, PixelStatistics.Of(config.Model.Image.Normalization));
        var trunk = ClipTowers.OfImage(model.Image).Any();
        var description = new JsonObject
        {
            ["embed_dim"] = model.EmbedDim,
            ["vision_cfg"] = trunk ? Trunk(model) : Visual(model),
            ["text_cfg"] = Text(config, tokenizer, repository),
        };
        if (trunk)
        {
            description["custom_text"] = true;
        }

        if (model.Activation == Activation.QuickGelu)
        {
            description["quick_gelu"] = true;
        }

        if (config.Train.Loss == LossKind.Sigmoid)
        {
            description["init_logit_bias"] = -10;
        }

        JsonFile.Write(Path.Combine(folder, ConfigFile), new JsonObject
        {
            ["model_cfg"] = description,
            ["preprocess_cfg"] = new JsonObject
            {
                ["mean"] = JsonFile.Array(mean),
                ["std"] = JsonFile.Array(deviation),
                ["interpolation"] = "bicubic",
                ["resize_mode"] = "shortest",
            },
        });
    }

    private static ClipNamesOf Names(FlipConfig config, bool trunk, ITensorSource weights) =>
        new(ClipNames.OpenClip(weights.Contains("text.token_embedding.weight"), trunk), config.Model.Image.Positions == ImagePositions.SinCos);

    private static JsonObject Visual(ModelConfig model)
    {
        var image = model.Image;
        return WithKinds(model, new JsonObject
        {
            ["image_size"] = image.ImageSize,
            ["layers"] = image.Depth,
            ["width"] = image.Width,
            ["head_width"] = image.Width / image.Heads,
            ["mlp_ratio"] = image.MlpRatio,
            ["patch_size"] = image.PatchSize,
        });
    }

    private static JsonObject Trunk(ModelConfig model)
    {
        var image = model.Image;
        var token = image.ClassToken != ClassToken.None;
        return new()
        {
            ["image_size"] = image.ImageSize,
            ["timm_model_name"] = "vit_base_patch16_224",
            ["timm_model_pretrained"] = false,
            ["timm_pool"] = image.Pooling == ImagePooling.Mean ? "avg" : "token",
            ["timm_proj"] = "linear",
            ["timm_model_kwargs"] = new JsonObject
            {
                ["img_size"] = image.ImageSize,
                ["patch_size"] = image.PatchSize,
                ["embed_dim"] = image.Width,
                ["depth"] = image.Depth,
                ["num_heads"] = image.Heads,
                ["mlp_ratio"] = image.MlpRatio,
                ["class_token"] = token,
                ["no_embed_class"] = image.ClassToken == ClassToken.WithoutPosition,
                ["global_pool"] = image.Pooling == ImagePooling.Mean ? "avg" : "token",
                ["pool_include_prefix"] = token && image.Pooling == ImagePooling.Mean, // our mean takes in the class token
                ["fc_norm"] = false,
                ["pre_norm"] = image.PreNorm,
                ["act_layer"] = model.Activation switch
                {
                    Activation.GeluTanh => "gelu_tanh",
                    Activation.Gelu => "gelu",
                    _ => "quick_gelu",
                },
            },
        };
    }

    private static JsonObject Text(FlipConfig config, ITokenizer? tokenizer, string? repository)
    {
        var text = config.Model.Text;
        var description = WithKinds(config.Model, new JsonObject
        {
            ["context_length"] = text.Length,
            ["vocab_size"] = text.VocabularySize,
            ["width"] = text.Width,
            ["heads"] = text.Heads,
            ["layers"] = text.Depth,
            ["mlp_ratio"] = text.MlpRatio,
        });
        OpenClipTokenizer.Describe(description, config, tokenizer, repository);
        if (!text.Causal)
        {
            description["no_causal_mask"] = true;
        }

        if (text.Pooling == TextPooling.FirstToken)
        {
            description["pool_type"] = "first";
        }

        return description;
    }

    private static JsonObject WithKinds(ModelConfig model, JsonObject tower)
    {
        if (model.Activation == Activation.GeluTanh)
        {
            tower["act_kwargs"] = new JsonObject { ["approximate"] = "tanh" };
        }

        if (model.LayerNormEps != ClipDefaults.LayerNormEps)
        {
            tower["norm_kwargs"] = new JsonObject { ["eps"] = model.LayerNormEps };
        }

        return tower;
    }

    /// <summary>A table of names whose positions may be left over, since they are the fixed ones.</summary>
    private sealed record ClipNamesOf(IWeightNames Table, bool FixedPositions) : IWeightNames
    {
        public StoredParameter? Find(string parameter) => Table.Find(parameter);

        public bool Ignores(string name) => Table.Ignores(name)
            || (FixedPositions && name is "visual.trunk.pos_embed" or "visual.positional_embedding");
    }
}
