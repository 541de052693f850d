using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>open_clip's <c>vision_cfg</c>: its own Vision Transformer, or one of timm's.</summary>
internal static class OpenClipImage
{
    /// <summary>What is said of towers that are no plain Vision Transformer, by the beginnings of timm's names.</summary>
    private static readonly (string Start, string What)[] Families =
    [
        ("convnext", "a ConvNeXt"),
        ("eva", "an EVA, with rotary positions and gated MLPs"),
        ("fastvit", "MobileCLIP's FastViT"),
        ("vit_base_mci", "MobileCLIP's ViT with a convolutional stem"),
        ("vitamin", "a ViTamin, with convolutional stages"),
        ("vit_pe_core", "a Perception Encoder, with rotary positions and attention pooling"),
        ("vit_relpos", "a ViT with relative positions"),
        ("vit_medium_patch16_gap", "a ViT with LayerScale and without biases in attention"),
        ("swin", "a Swin Transformer"),
        ("naflexvit", "a NaFlex ViT, with images of any aspect"),
        ("resnet", "a ResNet"),
    ];

    /// <summary>open_clip's own tower.</summary>
    public static (ImageConfig Image, BlockKind Kind) Own(ForeignPart vision, bool quickGelu)
    {
        if (vision.IsList("layers"))
        {
            vision.Refused("layers", "a ResNet; Flip's image towers are plain Vision Transformers");
            return (new ImageConfig(), default);
        }

        OpenClipDescription.RefuseCustomBlocks(vision);
        IgnoreTraining(vision);
        vision.Ignore("attn_pooler_queries", "attn_pooler_heads", "image_seq_len");
        vision.Ignore("timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_model_kwargs"); // of a trunk that is not there
        vision.Refuse("attentional_pool", "attention pooling (CoCa), which Flip's image tower does not have");
        vision.OneOf("pos_embed_type", "learnable and sin_cos_2d are supported", "learnable", "sin_cos_2d"); // the weights tell
        var width = vision.Size("width", 768);
        var classToken = vision.OneOf("pool_type", "tok and avg are supported", "tok", "avg") == "tok";
        var afterPooling = vision.Flag("final_ln_after_pool");
        var image = ClipDefaults.Model.Image with
        {
            ImageSize = vision.Size("image_size", 224),
            PatchSize = vision.Size("patch_size", 16),
            Width = width,
            Depth = vision.Size("layers", 12),
            Heads = Math.Max(1, width / vision.Size("head_width", 64)),
            MlpRatio = vision.Positive("mlp_ratio", 4),
            PreNorm = !vision.Flag("no_ln_pre"),
            Pooling = classToken ? ImagePooling.ClassToken : ImagePooling.PatchMean,
            FinalNorm = afterPooling && !classToken ? FinalNorm.AfterPooling : FinalNorm.BeforePooling, // of one token it is the same
        };
        var kind = OpenClipDescription.Kind(vision, quickGelu);
        CheckSizes(vision, image);
        vision.RefuseRest();
        return (image, kind);
    }

    /// <summary>timm's tower: a name, whose arguments open_clip's main branch can change.</summary>
    public static (ImageConfig Image, BlockKind Kind) Trunk(ForeignPart vision)
    {
        var name = vision.Text("timm_model_name") ?? string.Empty;
        if (TimmTrunk.Find(name) is not { } trunk)
        {
            var what = Families.FirstOrDefault(family => name.StartsWith(family.Start, StringComparison.Ordinal)).What ?? "a model of timm that Flip does not know";
            vision.Refused("timm_model_name", $"{what}; Flip's image towers are plain Vision Transformers");
            return (new ImageConfig(), default);
        }

        IgnoreTraining(vision);
        vision.Ignore(
            "timm_model_pretrained", "layers", "width", "head_width", "mlp_ratio", "patch_size", "pool_type", "final_ln_after_pool", "no_ln_pre",
            "act_kwargs", "norm_kwargs", "attentional_pool", "attn_pooler_queries", "attn_pooler_heads", "ls_init_value", "image_seq_len"); // of open_clip's own tower
        var projection = Projection(vision);
        vision.Refuse("timm_proj_bias", "a bias in the projection, which Flip's does not have");
        var (image, kind) = new TimmArguments(vision.Part("timm_model_kwargs"), trunk).Read(vision);
        image = image with { Projection = projection };
        var size = vision.Size("image_size", 224);
        if (size != image.ImageSize)
        {
            vision.Refused("image_size", $"timm's {trunk.Name} is for {image.ImageSize} pixels, and open_clip builds it so");
        }

        CheckHeads(vision, image); // of another size than a multiple of its patch's, timm's tower passes over the rest, and so does Flip's
        vision.RefuseRest();
        return (image, kind);
    }

    private static void IgnoreTraining(ForeignPart vision) => vision.Ignore("patch_dropout", "output_tokens", "timm_drop", "timm_drop_path");

    /// <summary>Absent is linear, and null is not the same.</summary>
    private static bool Projection(ForeignPart vision)
    {
        var projection = vision.Contains("timm_proj") ? vision.Text("timm_proj") ?? string.Empty : "linear";
        if (projection is not ("linear" or "none"))
        {
            vision.Refused("timm_proj", projection.Length == 0
                ? "timm's own head, which has a bias (MobileCLIP); Flip's projection has none"
                : "Flip's projection is one product without bias");
        }

        return projection != "none";
    }

    private static void CheckSizes(ForeignPart vision, ImageConfig image)
    {
        CheckHeads(vision, image);
        if (image.ImageSize % image.PatchSize != 0)
        {
            vision.Refused("image_size", $"no multiple of the patch size {image.PatchSize}");
        }
    }

    private static void CheckHeads(ForeignPart vision, ImageConfig image)
    {
        if (image.Width % image.Heads != 0)
        {
            vision.Refused("width", $"{image.Width} is no multiple of {image.Heads} heads");
        }
    }
}
