using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>The arguments of timm's VisionTransformer that a configuration changes (<c>timm_model_kwargs</c>).</summary>
/// <param name="arguments">Them.</param>
/// <param name="trunk">What the model's name says.</param>
internal sealed class TimmArguments(ForeignPart arguments, TimmTrunk trunk)
{
    /// <summary>The image tower.</summary>
    /// <param name="vision">The <c>vision_cfg</c> around them, which says how the tokens are pooled.</param>
    public (ImageConfig Image, BlockKind Kind) Read(ForeignPart vision)
    {
        RefuseOthers();
        var constructed = arguments.Text("global_pool") ?? trunk.Pool;
        var pool = vision.Contains("timm_pool") ? vision.Text("timm_pool") ?? string.Empty : "avg";
        pool = pool.Length == 0 ? constructed : pool;
        if (pool is not ("avg" or "token" or "map"))
        {
            vision.Refused("timm_pool", "avg, token and map are supported");
        }

        var classToken = arguments.Flag("class_token", trunk.Pool == "token");
        if (pool == "map" && (constructed != "map" || classToken))
        {
            vision.Refused("timm_pool", classToken
                ? "attention pooling beside a class token, about which timm's versions differ"
                : "timm adds no attention pooling to a model that is built without");
        }

        if (pool == "token" && !classToken)
        {
            vision.Refused("timm_pool", "there is no class token");
        }

        var preNorm = arguments.Flag("pre_norm", trunk.PreNorm);
        var withToken = arguments.Flag("pool_include_prefix");
        var ownPosition = !arguments.Flag("no_embed_class");
        var image = ClipDefaults.Model.Image with
        {
            ImageSize = arguments.Size("img_size", trunk.ImageSize),
            PatchSize = arguments.Size("patch_size", trunk.PatchSize),
            Width = arguments.Size("embed_dim", trunk.Width),
            Depth = arguments.Size("depth", trunk.Depth),
            Heads = arguments.Size("num_heads", trunk.Heads),
            MlpRatio = arguments.Positive("mlp_ratio", trunk.MlpRatio),
            ClassToken = !classToken ? ClassToken.None : ownPosition ? ClassToken.WithPosition : ClassToken.WithoutPosition,
            Pooling = pool switch
            {
                "token" => ImagePooling.ClassToken,
                "map" => ImagePooling.Attention,
                _ => classToken && !withToken ? ImagePooling.PatchMean : ImagePooling.Mean,
            },
            FinalNorm = Norm(constructed, pool),
            PatchBias = !preNorm,
            PreNorm = preNorm,
        };
        var kind = new BlockKind(ActivationOf(arguments), trunk.Kind.LayerNormEps);
        arguments.RefuseRest();
        return (image, kind);
    }

    /// <summary>timm decides where the norm is when the model is built, by the pooling of that time.</summary>
    private FinalNorm Norm(string constructed, string pool)
    {
        var average = constructed is "avg" or "avgmax" or "max";
        var ofFeature = arguments.Has("fc_norm") ? arguments.Flag("fc_norm") : average && trunk.Pool != "avg"; // the named ones say false
        return !arguments.Flag("final_norm", true) ? FinalNorm.None
            : ofFeature && pool is not ("token" or "map") ? FinalNorm.AfterPooling
            : FinalNorm.BeforePooling;
    }

    private Activation ActivationOf(ForeignPart kwargs)
    {
        var fallback = trunk.Kind.Activation switch { Activation.QuickGelu => "quick_gelu", Activation.GeluTanh => "gelu_tanh", _ => "gelu" };
        var name = kwargs.Text("act_layer") ?? fallback;
        switch (name)
        {
            case "gelu":
                return Activation.Gelu;
            case "gelu_tanh":
                return Activation.GeluTanh;
            case "quick_gelu":
                return Activation.QuickGelu;
            default:
                kwargs.Refused("act_layer", "gelu, gelu_tanh and quick_gelu are supported");
                return default;
        }
    }

    private void RefuseOthers()
    {
        arguments.Ignore(
            "num_classes", "drop_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate", "weight_init",
            "dynamic_img_size", "strict_img_size");
        arguments.Require("qkv_bias", "attention without biases, which Flip's has");
        arguments.Require("proj_bias", "attention and MLP without biases, which Flip's have");
        arguments.OneOf("pos_embed", "learn is supported", "learn");
        foreach (var (key, what) in new[]
        {
            ("qk_norm", "norms on queries and keys"),
            ("scale_attn_norm", "a norm inside attention"),
            ("scale_mlp_norm", "a norm inside the MLP"),
            ("init_values", "LayerScale, a factor on each branch"),
            ("reg_tokens", "register tokens"),
            ("dynamic_img_pad", "padded images"),
            ("in_chans", "another number of channels"),
            ("norm_layer", "another norm"),
            ("embed_norm_layer", "a norm in the patch projection"),
            ("embed_layer", "another patch projection"),
            ("block_fn", "other blocks"),
            ("mlp_layer", "other MLPs"),
            ("attn_layer", "another attention"),
        })
        {
            arguments.Refuse(key, what + ", which Flip's image tower does not have");
        }
    }
}
