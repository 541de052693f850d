using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Formats;
using Flip.Storage;

namespace Flip.Tests.Conversion.Formats;

public sealed class OpenClipDescriptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>One of each kind of open_clip 3.3.0's built-in configurations, and what of it is not ours: key, and a word of the reason.</summary>
    public static TheoryData<string, string, string> RefusedModels => new()
    {
        { """{ "layers": [3, 4, 6, 3], "width": 64, "patch_size": null }""", "vision_cfg.layers = [3,4,6,3]", "ResNet" },
        { """{ "timm_model_name": "convnext_base", "timm_pool": "", "timm_proj": "linear" }""", "timm_model_name = convnext_base", "ConvNeXt" },
        { """{ "timm_model_name": "eva02_base_patch16_clip_224", "timm_pool": "token", "timm_proj": null }""", "timm_model_name = eva02", "EVA" },
        { """{ "timm_model_name": "fastvit_mci2", "timm_pool": "avg", "timm_proj": null }""", "timm_model_name = fastvit_mci2", "MobileCLIP" },
        { """{ "timm_model_name": "vit_base_mci_224", "timm_pool": "token", "timm_proj": null }""", "timm_model_name = vit_base_mci_224", "MobileCLIP" },
        { """{ "timm_model_name": "vit_large_patch14_clip_224", "timm_pool": "token", "timm_proj": null }""", "timm_proj = null", "MobileCLIP" },
        { """{ "timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "none" }""", "model_cfg.embed_dim = ", "no projection (timm_proj none) and a width of 768" },
        { """{ "timm_model_name": "vit_base_patch16_siglip_gap_224", "timm_pool": "map", "timm_proj": "linear" }""", "timm_pool = map", "built without" },
        { """{ "timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "mlp" }""", "timm_proj = mlp", "one product" },
        { """{ "timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "linear", "timm_model_kwargs": { "class_token": true } }""", "timm_pool = map", "class token" },
        { """{ "timm_model_name": "vitamin_small_224", "timm_pool": "", "timm_proj": "linear" }""", "timm_model_name = vitamin_small_224", "ViTamin" },
        { """{ "timm_model_name": "vit_pe_core_base_patch16_224", "timm_pool": "map" }""", "timm_model_name = vit_pe_core", "Perception Encoder" },
        { """{ "timm_model_name": "vit_relpos_medium_patch16_cls_224" }""", "timm_model_name = vit_relpos", "relative positions" },
        { """{ "timm_model_name": "vit_medium_patch16_gap_256" }""", "timm_model_name = vit_medium_patch16_gap_256", "LayerScale" },
        { """{ "timm_model_name": "swin_base_patch4_window7_224" }""", "timm_model_name = swin_base", "Swin" },
        { """{ "timm_model_name": "naflexvit_base_patch16_siglip" }""", "timm_model_name = naflexvit", "any aspect" },
        { """{ "timm_model_name": "some_new_model" }""", "timm_model_name = some_new_model", "does not know" },
        { """{ "ls_init_value": 0.0001 }""", "vision_cfg.ls_init_value = 0.0001", "LayerScale" },
        { """{ "attentional_pool": true, "attn_pooler_heads": 8 }""", "vision_cfg.attentional_pool = true", "CoCa" },
        { """{ "pool_type": "none" }""", "vision_cfg.pool_type = none", "avg" },
        { """{ "qk_norm": true }""", "vision_cfg.qk_norm = true", "queries and keys" },
        { """{ "block_type": "custom" }""", "vision_cfg.block_type = custom", "custom blocks" },
        { """{ "image_size": [224, 280] }""", "vision_cfg.image_size = [224,280]", "squares" },
        { """{ "image_size": 225 }""", "vision_cfg.image_size = 225", "multiple of the patch size 16" },
        { """{ "width": "wide" }""", "vision_cfg.width = wide", "whole number" },
        { """{ "widht": 768 }""", "vision_cfg.widht", "no setting of open_clip" },
        { """{ "act_kwargs": { "negative_slope": 1 } }""", "vision_cfg.act_kwargs.negative_slope", "no setting" },
        { """{ "norm_kwargs": { "elementwise_affine": false } }""", "vision_cfg.norm_kwargs.elementwise_affine", "no setting" },
    };

    public static TheoryData<string, string, string> RefusedTexts => new()
    {
        { """{ "hf_model_name": "roberta-base", "hf_tokenizer_name": "roberta-base", "hf_pooler_type": "mean_pooler" }""", "text_cfg.hf_model_name = roberta-base", "Hugging Face text tower" },
        { """{ "embed_cls": true, "output_tokens": true }""", "text_cfg.embed_cls = true", "CoCa" },
        { """{ "proj_bias": "yes", "pool_type": "last", "no_causal_mask": true }""", "text_cfg.proj_bias = yes", "true or false" },
        { """{ "proj_type": "mlp" }""", "text_cfg.proj_type = mlp", "one product" },
        { """{ "proj_type": "none", "width": 768, "heads": 12 }""", "model_cfg.embed_dim = 512", "no projection (proj_type none) and a width of 768" },
        { """{ "text_arch": "modern", "mlp_type": "swiglu", "pos_embed": "rope" }""", "text_cfg.text_arch = modern", "modern text tower" },
        { """{ "pool_type": "none" }""", "text_cfg.pool_type = none", "argmax, eos, first and last" },
        { """{ "pool_type": "first" }""", "text_cfg.pool_type = first", "sees nothing" },
        { """{ "attention_bias": false }""", "text_cfg.attention_bias = false", "without biases" },
        { """{ "contxt_length": 77 }""", "text_cfg.contxt_length", "no setting of open_clip" },
        { """{ "heads": 7 }""", "text_cfg.width = null", "7 heads" },
        { """{ "tokenizer_kwargs": { "clean": "strange" } }""", "text_cfg.tokenizer_kwargs.clean = strange", "canonicalize" },
    };

    [Theory]
    [MemberData(nameof(RefusedModels))]
    public void An_image_tower_that_is_not_ours_says_which_part(string vision, string key, string reason) => AssertRefused(Config(vision, "{}"), key, reason);

    [Theory]
    [MemberData(nameof(RefusedTexts))]
    public void A_text_tower_that_is_not_ours_says_which_part(string text, string key, string reason) => AssertRefused(Config("{}", text), key, reason);

    [Theory]
    [InlineData("""{ "multimodal_cfg": { "width": 768, "layers": 12 } }""", "model_cfg.multimodal_cfg = {", "CoCa")]
    [InlineData("""{ "embed_dimm": 512 }""", "model_cfg.embed_dimm", "no setting of open_clip")]
    [InlineData("""{ "quick_gelu": "yes" }""", "model_cfg.quick_gelu = yes", "true or false")]
    [InlineData("""{ "vision_cfg": 7 }""", "model_cfg.vision_cfg = 7", "an object")]
    public void The_rest_of_a_model_says_it_too(string model, string key, string reason) => AssertRefused($$"""{ "model_cfg": {{model}} }""", key, reason);

    [Theory]
    [InlineData("""{ "resize_mode": "longest" }""", "preprocess_cfg.resize_mode = longest", "shortest and squash")]
    [InlineData("""{ "interpolation": "lanczos" }""", "preprocess_cfg.interpolation = lanczos", "bilinear")]
    [InlineData("""{ "mean": [0.5, "x", 0.5] }""", "preprocess_cfg.mean", "numbers")]
    [InlineData("""{ "mean": [0.1, 0.2, 0.3], "std": [1, 1, 1] }""", "mean [0.1, 0.2, 0.3]", "neither CLIP's")]
    public void A_preprocessing_that_is_not_ours_says_it_too(string preprocess, string key, string reason) =>
        AssertRefused($$"""{ "model_cfg": {}, "preprocess_cfg": {{preprocess}} }""", key, reason);

    [Theory]
    [InlineData("[]")]
    [InlineData("{ \"model_cfg\": { \"embed_dim\": 1, \"embed_dim\": 2 } }")]
    [InlineData("{ \"model_cfg\": ")]
    [InlineData("{ \"preprocess_cfg\": {} }")]
    [InlineData("{ \"model_cfg\": { \"embed_dim\": 1e400 } }")]
    public void A_damaged_file_is_an_error_with_its_path(string json) => Assert.Contains("open_clip_config.json", Refusal(json), StringComparison.Ordinal);

    [Fact]
    public void Everything_that_is_not_ours_is_told_at_once()
    {
        var error = Refusal(Config(
            """{ "timm_model_name": "vit_base_patch16_siglip_gap_224", "timm_pool": "map", "timm_proj": "mlp", "stray": 1 }""",
            """{ "embed_cls": true, "hf_tokenizer_name": "timm/ViT-B-16-SigLIP" }"""));
        Assert.All(["timm_pool", "timm_proj", "stray", "embed_cls"], key => Assert.Contains(key, error, StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_that_open_clip_passes_over_are_only_named()
    {
        var read = Read("""{ "model_cfg": {}, "preprocess_cfg": { "size": 224, "mode": "RGB", "fill_color": 0, "mine": 1 }, "architecture": "x" }""");
        Assert.Equal(["architecture", "preprocess_cfg.mine"], read.Unread.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_a_key_open_clip_default_holds()
    {
        var (image, text) = (Read("""{ "model_cfg": {} }""").Model.Image, Read("""{ "model_cfg": {} }""").Model.Text);
        Assert.Equal((224, 16, 768, 12, 12), (image.ImageSize, image.PatchSize, image.Width, image.Depth, image.Heads));
        Assert.Equal((49408, 77, 512, 12, 8), (text.VocabularySize, text.Length, text.Width, text.Depth, text.Heads));
        Assert.Equal((ImagePooling.ClassToken, FinalNorm.BeforePooling, true), (image.Pooling, image.FinalNorm, image.PreNorm));
    }

    /// <summary>CLIPA's six: sizes of the towers and of the image.</summary>
    [Theory]
    [InlineData(224, 24, 1024, 64, 4, 16)]
    [InlineData(336, 24, 1024, 64, 4, 16)]
    [InlineData(224, 32, 1280, 80, 4, 16)]
    [InlineData(336, 32, 1280, 80, 4, 16)]
    [InlineData(224, 48, 1664, 104, 4.9231, 16)]
    [InlineData(336, 48, 1664, 104, 4.9231, 16)]
    public void CLIPA_opens_in_every_size(int size, int layers, int width, int headWidth, double mlpRatio, int heads)
    {
        var read = Read($$"""
            { "model_cfg": { "embed_dim": 768,
                "vision_cfg": { "image_size": {{size}}, "layers": {{layers}}, "width": {{width}}, "head_width": {{headWidth}}, "mlp_ratio": {{FormattableString.Invariant($"{mlpRatio}")}},
                  "patch_size": 14, "no_ln_pre": true, "pool_type": "avg", "final_ln_after_pool": true },
                "text_cfg": { "context_length": 32, "vocab_size": 32000, "hf_tokenizer_name": "bert-base-uncased", "tokenizer_kwargs": { "strip_sep_token": true },
                  "width": 768, "heads": 12, "layers": 12, "pool_type": "last", "no_causal_mask": true } },
              "preprocess_cfg": { "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "interpolation": "bilinear", "resize_mode": "squash" } }
            """);
        Assert.Equal((width, heads, ImagePooling.PatchMean, FinalNorm.AfterPooling), (read.Model.Image.Width, read.Model.Image.Heads, read.Model.Image.Pooling, read.Model.Image.FinalNorm));
        Assert.Equal((32000, TextPooling.LastToken), (read.Model.Text.VocabularySize, read.Model.Text.Pooling));
        Assert.True(read.Text.StripsSeparator);
    }

    [Theory]
    [InlineData("squash", "bicubic", EvalTransform.Squash, Interpolation.Bicubic)]
    [InlineData("shortest", "bilinear", EvalTransform.Clip, Interpolation.Bilinear)]
    [InlineData("shortest", "random", EvalTransform.Clip, Interpolation.Bicubic)]
    public void The_resize_is_open_clips(string mode, string kernel, EvalTransform transform, Interpolation interpolation)
    {
        var read = Read($$"""{ "model_cfg": {}, "preprocess_cfg": { "resize_mode": "{{mode}}", "interpolation": "{{kernel}}" } }""");
        Assert.Equal((transform, interpolation), (read.Transform, read.Interpolation));
    }

    [Theory]
    [InlineData("vit_base_patch16_224", "", Activation.Gelu, Activation.QuickGelu)]
    [InlineData("vit_base_patch16_clip_quickgelu_224", "", Activation.QuickGelu, Activation.QuickGelu)]
    [InlineData("vit_base_patch16_224", """, "timm_model_kwargs": { "act_layer": "gelu_tanh" }""", Activation.GeluTanh, Activation.QuickGelu)]
    public void Beside_a_trunk_quick_gelu_is_of_the_text_alone(string name, string kwargs, Activation image, Activation text)
    {
        var pool = name.Contains("clip", StringComparison.Ordinal) ? "token" : "avg";
        var model = Read($$"""
            { "model_cfg": { "quick_gelu": true, "custom_text": true, "vision_cfg": { "timm_model_name": "{{name}}", "timm_pool": "{{pool}}"{{kwargs}} , "timm_proj": "linear" } } }
            """).Model;
        Assert.Equal((image, text), (model.ImageBlocks().Activation, model.TextBlocks().Activation));
    }

    [Fact]
    public void An_activation_that_is_not_ours_is_refused_by_name() => AssertRefused(
        Config("""{ "timm_model_name": "vit_base_patch16_224", "timm_proj": "linear", "timm_model_kwargs": { "act_layer": "swish", "reg_tokens": 4, "strange": 1 } }""", "{}"),
        "timm_model_kwargs.act_layer = swish",
        "timm_model_kwargs.strange");

    [Fact]
    public void The_epsilon_of_a_trunk_is_timms_and_that_of_the_text_open_clips()
    {
        var model = Read(Config("""{ "timm_model_name": "vit_base_patch16_224", "timm_proj": "linear" }""", "{}")).Model;
        Assert.Equal((1e-6, 1e-5), (model.ImageBlocks().LayerNormEps, model.TextBlocks().LayerNormEps));
    }

    [Theory]
    [InlineData("vit_base_patch16_224", "avg", ClassToken.WithPosition, ImagePooling.PatchMean)]
    [InlineData("vit_base_patch16_224.augreg_in21k", "token", ClassToken.WithPosition, ImagePooling.ClassToken)]
    [InlineData("vit_base_patch16_siglip_gap_224", "avg", ClassToken.None, ImagePooling.Mean)]
    [InlineData("vit_base_patch16_siglip_224", "avg", ClassToken.None, ImagePooling.Mean)]
    [InlineData("vit_base_patch16_224", "", ClassToken.WithPosition, ImagePooling.ClassToken)]
    [InlineData("vit_base_patch16_siglip_gap_224", "", ClassToken.None, ImagePooling.Mean)]
    public void A_named_trunk_is_what_timm_builds(string name, string pool, ClassToken token, ImagePooling pooling)
    {
        var image = Read(Config($$"""{ "timm_model_name": "{{name}}", "timm_pool": "{{pool}}", "timm_proj": "linear" }""", "{}")).Model.Image;
        Assert.Equal((token, pooling, FinalNorm.BeforePooling, true, false), (image.ClassToken, image.Pooling, image.FinalNorm, image.PatchBias, image.PreNorm));
    }

    [Fact]
    public void Beside_a_trunk_absent_and_null_are_not_the_same()
    {
        var image = Read(Config("""{ "timm_model_name": "vit_base_patch16_224" }""", "{}")).Model.Image; // avg, linear
        Assert.Equal(ImagePooling.PatchMean, image.Pooling);
        image = Read(Config("""{ "timm_model_name": "vit_base_patch16_224", "timm_pool": null }""", "{}")).Model.Image; // timm's own
        Assert.Equal(ImagePooling.ClassToken, image.Pooling);
    }

    /// <summary>timm puts the norm behind the pooling where it is told to average when it is built.</summary>
    [Theory]
    [InlineData("vit_base_patch16_224", "", FinalNorm.BeforePooling)]
    [InlineData("vit_base_patch16_224", "\"global_pool\": \"avg\"", FinalNorm.AfterPooling)]
    [InlineData("vit_base_patch16_224", "\"global_pool\": \"avg\", \"fc_norm\": false", FinalNorm.BeforePooling)]
    [InlineData("vit_base_patch16_siglip_gap_224", "\"class_token\": false", FinalNorm.BeforePooling)]
    [InlineData("vit_base_patch16_siglip_gap_224", "\"fc_norm\": true", FinalNorm.AfterPooling)]
    [InlineData("vit_base_patch16_224", "\"final_norm\": false", FinalNorm.None)]
    public void The_norm_of_a_trunk_is_where_timm_builds_it(string name, string kwargs, FinalNorm norm) => Assert.Equal(
        norm, Read(Config($$"""{ "timm_model_name": "{{name}}", "timm_model_kwargs": { {{kwargs}} } }""", "{}")).Model.Image.FinalNorm);

    [Fact]
    public void A_trunk_of_another_size_than_the_image_is_refused() => AssertRefused(
        Config("""{ "timm_model_name": "vit_base_patch16_224", "timm_proj": "linear", "image_size": 256 }""", "{}"), "vision_cfg.image_size = 256", "224 pixels");

    /// <summary>All of open_clip's own files, where its source is at hand: FLIP_OPEN_CLIP names the folder of model_configs.</summary>
    [Fact]
    public void Of_the_144_built_in_configurations_of_open_clip_3_3_0_70_open()
    {
        var folder = Environment.GetEnvironmentVariable("FLIP_OPEN_CLIP");
        Assert.SkipUnless(Directory.Exists(folder), "FLIP_OPEN_CLIP names no folder of open_clip's model_configs");
        var opened = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder!, "*.json").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            try
            {
                Read(new JsonObject { ["model_cfg"] = JsonNode.Parse(File.ReadAllText(file)) }.ToJsonString());
                opened.Add(name);
            }
            catch (CheckpointFormatException e)
            {
                TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {e.Message}");
                Assert.DoesNotContain("no setting of open_clip", e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("does not know", e.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(70, opened.Count);
        Assert.Equal(26, opened.Count(name => name.Contains("SigLIP", StringComparison.Ordinal)));
        Assert.Equal(6, opened.Count(name => name.Contains("CLIPA", StringComparison.Ordinal)));
    }

    private static string Config(string vision, string text) => $$"""{ "model_cfg": { "embed_dim": 512, "vision_cfg": {{vision}}, "text_cfg": {{text}} } }""";

    private OpenClipDescription Read(string json)
    {
        File.WriteAllText(_folder.File("open_clip_config.json"), json);
        return OpenClipDescription.Read(_folder.File("open_clip_config.json"));
    }

    private string Refusal(string json) => Assert.Throws<CheckpointFormatException>(() => Read(json)).Message;

    private void AssertRefused(string json, string key, string reason)
    {
        var message = Refusal(json);
        Assert.Contains(key, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain("JSON value", message, StringComparison.Ordinal);
    }
}
