using Flip.Config;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>What an <c>open_clip_config.json</c> says, as a model of ours.</summary>
/// <param name="Model">The two towers.</param>
/// <param name="Transform">How images become squares.</param>
/// <param name="Interpolation">The transform's kernel.</param>
/// <param name="Text">What it says of tokens.</param>
/// <param name="Trunk">Whether the image tower is timm's.</param>
/// <param name="Unread">Keys that open_clip itself passes over.</param>
internal sealed record OpenClipDescription(
    ModelConfig Model, EvalTransform Transform, Interpolation Interpolation, OpenClipTokens Text, bool Trunk, IReadOnlyList<string> Unread)
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="CheckpointFormatException">It is no such configuration, or says something that Flip's towers are not: all of it is listed.</exception>
    public static OpenClipDescription Read(string path)
    {
        var problems = new List<string>();
        var file = new ForeignPart(JsonFile.ReadObject(path), string.Empty, problems);
        if (!file.Has("model_cfg"))
        {
            throw new CheckpointFormatException(path, null, "there is no model_cfg");
        }

        var model = file.Part("model_cfg");
        var preprocess = file.Part("preprocess_cfg");
        var quick = model.Flag("quick_gelu");
        var embedDim = model.Size("embed_dim", 512);
        model.Refuse("multimodal_cfg", "CoCa's decoder, which writes captions; Flip has the two towers alone");
        model.Ignore("custom_text", "init_logit_scale", "init_logit_bias", "nonscalar_logit_scale", "cast_dtype", "output_dict");
        var (text, textKind, tokens) = OpenClipText.Read(model.Part("text_cfg"), quick);
        var vision = model.Part("vision_cfg");
        var trunk = vision.Has("timm_model_name");
        var (image, imageKind) = trunk ? OpenClipImage.Trunk(vision) : OpenClipImage.Own(vision, quick);
        model.RefuseRest();
        if (!image.Projection && image.Width != embedDim)
        {
            model.Refused("embed_dim", $"the image tower has no projection (timm_proj none) and a width of {image.Width}");
        }

        if (!text.Projection && text.Width != embedDim)
        {
            model.Refused("embed_dim", $"the text tower has no projection (proj_type none) and a width of {text.Width}");
        }

        var (transform, interpolation) = Preprocessing(preprocess);
        var (mean, deviation) = (preprocess.Numbers("mean"), preprocess.Numbers("std"));
        if (problems.Count > 0)
        {
            throw new CheckpointFormatException(path, null, string.Join("; ", problems.Distinct()));
        }

        image = image with
        {
            Normalization = ClipDefaults.Normalization(path, mean, deviation),
            PositionResize = PositionResize.BicubicAntialias,
            Activation = imageKind.Activation == textKind.Activation ? null : imageKind.Activation,
            LayerNormEps = imageKind.LayerNormEps == textKind.LayerNormEps ? null : imageKind.LayerNormEps,
        };
        var described = ClipDefaults.Model with
        {
            Image = image,
            Text = text,
            EmbedDim = embedDim,
            Activation = textKind.Activation,
            LayerNormEps = textKind.LayerNormEps,
        };
        return new OpenClipDescription(described, transform, interpolation, tokens, trunk, [.. file.Rest(), .. preprocess.Rest()]);
    }

    /// <summary>What the blocks of a tower of open_clip's own are made of.</summary>
    public static BlockKind Kind(ForeignPart tower, bool quickGelu)
    {
        var (activation, norm) = (tower.Part("act_kwargs"), tower.Part("norm_kwargs"));
        var approximated = activation.OneOf("approximate", "none and tanh are supported", "none", "tanh") == "tanh";
        if (quickGelu && activation.Has("approximate"))
        {
            activation.Refused("approximate", "quick_gelu has no approximation");
        }

        var eps = norm.Positive("eps", ClipDefaults.LayerNormEps);
        activation.RefuseRest();
        norm.RefuseRest();
        return new BlockKind(quickGelu ? Activation.QuickGelu : approximated ? Activation.GeluTanh : Activation.Gelu, eps);
    }

    /// <summary>What open_clip's own towers can have beside what CLIP's have.</summary>
    public static void RefuseCustomBlocks(ForeignPart tower)
    {
        tower.OneOf("block_type", "custom blocks, which Flip's towers do not have", "default");
        tower.Refuse("ls_init_value", "LayerScale, a factor on each branch, which Flip's blocks do not have");
        foreach (var (key, what) in new[]
        {
            ("qk_norm", "LayerNorms on queries and keys"),
            ("scaled_cosine_attn", "cosine attention"),
            ("scale_heads", "a factor on each head"),
            ("scale_attn_inner", "a LayerNorm inside attention"),
            ("scale_attn", "a LayerNorm behind attention"),
            ("scale_fc", "a LayerNorm inside the MLP"),
        })
        {
            tower.Refuse(key, what + ", which Flip's blocks do not have");
        }
    }

    private static (EvalTransform Transform, Interpolation Interpolation) Preprocessing(ForeignPart preprocess)
    {
        preprocess.Ignore("size", "fill_color"); // the tower's size, and the border of a mode that is refused
        preprocess.OneOf("mode", "images are RGB", "RGB");
        var mode = preprocess.OneOf("resize_mode", "shortest and squash are supported", "shortest", "squash");
        var kernel = preprocess.OneOf("interpolation", "bicubic and bilinear are supported", "bicubic", "bilinear", "random");
        return (
            mode == "squash" ? EvalTransform.Squash : EvalTransform.Clip,
            kernel == "bilinear" ? Interpolation.Bilinear : Interpolation.Bicubic); // random is bicubic in evaluation
    }
}
