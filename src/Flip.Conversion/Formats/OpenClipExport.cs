using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Names;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>
/// How a model is said in open_clip's terms. Image towers that open_clip's own class has are its own; others are timm's VisionTransformer, by name where
/// one fits, else with its arguments spelled out, and then the text tower stands on its own (<c>custom_text</c>).
/// </summary>
internal static class OpenClipExport
{
    /// <summary>What of a configuration the format cannot say; empty where it can say all.</summary>
    public static IEnumerable<string> Obstacles(FlipConfig config)
    {
        var (image, text) = (config.Model.Image, config.Model.Text);
        if (!IsOwn(config.Model))
        {
            if (image.PatchBias == image.PreNorm)
            {
                yield return "a patch bias together with a LayerNorm before the first block, or neither (model.image.patchBias, model.image.preNorm)";
            }

            if (config.Model.ImageBlocks().LayerNormEps is not (TimmTrunk.Eps or ClipDefaults.LayerNormEps))
            {
                yield return $"an epsilon other than {TimmTrunk.Eps} and {ClipDefaults.LayerNormEps} in an image tower that is not open_clip's own (model.layerNormEps)";
            }
        }

        if (image is { Pooling: ImagePooling.Attention, ClassToken: not ClassToken.None })
        {
            yield return "attention pooling beside a class token (model.image.pooling, model.image.classToken)";
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

    /// <summary>Why the last release of open_clip that was tried does not open what is written; null where it does.</summary>
    public static string? Needs(ModelConfig model) => IsOwn(model) || TimmTrunk.Of(model) is not null
        ? null
        : "This image tower is spelled out in timm_model_kwargs, which open_clip's main branch (4.2.0.dev0) reads and its release 3.3.0 does not. "
            + (TimmTrunk.Of(model with { Activation = Activation.Gelu }) is null
                ? "A model trained with `flip train --for open_clip` opens in both."
                : "Trained with -s model.activation=gelu, or with `flip train --for open_clip`, it opens in both.");

    /// <summary>The names that a model gets when it is written.</summary>
    public static IWeightNames Names(FlipConfig config)
    {
        var trunk = !IsOwn(config.Model);
        return ClipNames.OpenClip(ownTextTower: trunk, trunk, config.Model.Image.FinalNorm == FinalNorm.AfterPooling, config.Model.Text.ProjectionBias);
    }

    /// <summary>The content of <c>open_clip_config.json</c>.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tokenizer">Its tokenizer; null where there is none.</param>
    /// <param name="repository">Name of the hub's repository that the folder becomes; null where it is not known.</param>
    public static JsonObject Describe(FlipConfig config, ITokenizer? tokenizer = null, string? repository = null)
    {
        var (model, (mean, deviation)) = (config.Model, PixelStatistics.Of(config.Model.Image.Normalization));
        var trunk = !IsOwn(model);
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

        if (model.TextBlocks().Activation == Activation.QuickGelu)
        {
            description["quick_gelu"] = true; // of the text tower alone beside a trunk
        }

        if (config.Train.Loss == LossKind.Sigmoid)
        {
            description["init_logit_bias"] = -10;
        }

        return new JsonObject
        {
            ["model_cfg"] = description,
            ["preprocess_cfg"] = new JsonObject
            {
                ["mean"] = JsonFile.Array(mean),
                ["std"] = JsonFile.Array(deviation),
                ["interpolation"] = config.Eval.Interpolation == Interpolation.Bilinear ? "bilinear" : "bicubic",
                ["resize_mode"] = config.Eval.Transform == EvalTransform.Squash ? "squash" : "shortest",
            },
        };
    }

    /// <summary>Whether open_clip's own class has the image tower. <c>quick_gelu</c> holds for both towers then.</summary>
    private static bool IsOwn(ModelConfig model) =>
        model.Image is
        {
            ClassToken: ClassToken.WithPosition, PatchBias: false, Pooling: ImagePooling.ClassToken or ImagePooling.PatchMean, FinalNorm: not FinalNorm.None
        }
        && model.Image.Projection
        && (model.ImageBlocks().Activation == Activation.QuickGelu) == (model.TextBlocks().Activation == Activation.QuickGelu);

    private static JsonObject Visual(ModelConfig model)
    {
        var image = model.Image;
        var tower = new JsonObject
        {
            ["image_size"] = image.ImageSize,
            ["layers"] = image.Depth,
            ["width"] = image.Width,
            ["head_width"] = image.Width / image.Heads,
            ["mlp_ratio"] = image.MlpRatio,
            ["patch_size"] = image.PatchSize,
        };
        if (!image.PreNorm)
        {
            tower["no_ln_pre"] = true;
        }

        if (image.Pooling == ImagePooling.PatchMean)
        {
            tower["pool_type"] = "avg";
        }

        if (image.FinalNorm == FinalNorm.AfterPooling)
        {
            tower["final_ln_after_pool"] = true;
        }

        return WithKind(model.ImageBlocks(), tower);
    }

    private static JsonObject Trunk(ModelConfig model)
    {
        var (image, kind, named) = (model.Image, model.ImageBlocks(), TimmTrunk.Of(model));
        var pool = image.Pooling switch { ImagePooling.ClassToken => "token", ImagePooling.Attention => "map", _ => "avg" };
        var tower = new JsonObject
        {
            ["image_size"] = image.ImageSize,
            ["timm_model_name"] = named?.Name ?? (kind.LayerNormEps == TimmTrunk.Eps ? "vit_base_patch16_224" : "vit_base_patch16_clip_224"), // whose epsilon it is
            ["timm_model_pretrained"] = false,
            ["timm_pool"] = pool,
            ["timm_proj"] = image.Projection ? "linear" : "none",
        };
        if (named is not null)
        {
            return tower;
        }

        tower["timm_model_kwargs"] = new JsonObject
        {
            ["img_size"] = image.ImageSize,
            ["patch_size"] = image.PatchSize,
            ["embed_dim"] = image.Width,
            ["depth"] = image.Depth,
            ["num_heads"] = image.Heads,
            ["mlp_ratio"] = image.MlpRatio,
            ["class_token"] = image.ClassToken != ClassToken.None,
            ["no_embed_class"] = image.ClassToken == ClassToken.WithoutPosition,
            ["global_pool"] = pool,
            ["pool_include_prefix"] = image.ClassToken != ClassToken.None && image.Pooling == ImagePooling.Mean,
            ["final_norm"] = image.FinalNorm != FinalNorm.None,
            ["fc_norm"] = image.FinalNorm == FinalNorm.AfterPooling,
            ["pre_norm"] = image.PreNorm,
            ["act_layer"] = kind.Activation switch
            {
                Activation.GeluTanh => "gelu_tanh",
                Activation.Gelu => "gelu",
                _ => "quick_gelu",
            },
        };
        return tower;
    }

    private static JsonObject Text(FlipConfig config, ITokenizer? tokenizer, string? repository)
    {
        var text = config.Model.Text;
        var description = WithKind(config.Model.TextBlocks(), new JsonObject
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

        if (!text.Projection)
        {
            description["proj_type"] = "none";
        }

        if (text.ProjectionBias)
        {
            description["proj_bias"] = true;
        }

        if (text.Pooling is TextPooling.FirstToken or TextPooling.LastToken)
        {
            description["pool_type"] = text.Pooling == TextPooling.FirstToken ? "first" : "last";
        }

        return description;
    }

    private static JsonObject WithKind(BlockKind kind, JsonObject tower)
    {
        if (kind.Activation == Activation.GeluTanh)
        {
            tower["act_kwargs"] = new JsonObject { ["approximate"] = "tanh" };
        }

        if (kind.LayerNormEps != ClipDefaults.LayerNormEps)
        {
            tower["norm_kwargs"] = new JsonObject { ["eps"] = kind.LayerNormEps };
        }

        return tower;
    }
}
