using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Tests.Conversion.Formats;

/// <summary>Folders of Hugging Face's SiglipModel: what they say, what is refused.</summary>
public sealed class SiglipFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(3, Interpolation.Bicubic)]
    [InlineData(2, Interpolation.Bilinear)] // SigLIP 2
    public void The_preprocessor_says_the_kernel(int resample, Interpolation expected)
    {
        Save();
        Change("preprocessor_config.json", file => file["resample"] = resample);
        using var stored = ModelSource.Open(_folder.Path);
        Assert.Equal((EvalTransform.Squash, expected), (stored.Config.Eval.Transform, stored.Config.Eval.Interpolation));
        Assert.Empty(stored.Assumptions);
    }

    [Fact]
    public void Without_a_preprocessor_SigLIPs_is_assumed()
    {
        Save();
        File.Delete(_folder.File("preprocessor_config.json"));
        using var stored = ModelSource.Open(_folder.Path);
        Assert.Equal((EvalTransform.Squash, PixelNormalization.Half), (stored.Config.Eval.Transform, stored.Config.Model.Image.Normalization));
        Assert.Contains("SigLIP's mean", Assert.Single(stored.Assumptions).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_file_leaves_out_is_as_in_SiglipConfig()
    {
        Save();
        File.WriteAllText(_folder.File("config.json"), """{ "model_type": "siglip", "text_config": {}, "vision_config": { "image_size": 256 } }""");
        using var stored = ModelSource.Open(_folder.Path);
        var (image, text) = (stored.Config.Model.Image, stored.Config.Model.Text);
        Assert.Equal((256, 16, 768, 12, 12, 4.0), (image.ImageSize, image.PatchSize, image.Width, image.Depth, image.Heads, image.MlpRatio));
        Assert.Equal((32000, 64, 768, 12, 12, true), (text.VocabularySize, text.Length, text.Width, text.Depth, text.Heads, text.ProjectionBias));
        Assert.Equal((Activation.GeluTanh, 1e-6, 768), (stored.Config.Model.Activation, stored.Config.Model.LayerNormEps, stored.Config.Model.EmbedDim));
    }

    [Theory]
    [InlineData("""{ "model_type": "siglip2" }""", "a NaFlex model")]
    [InlineData("""{ "model_type": "blip" }""", "model_type is 'blip', and only clip and siglip are supported")]
    [InlineData("""{ "model_type": "siglip", "vision_config": { "vision_use_head": false } }""", "no pooling (vision_use_head is false)")]
    [InlineData("""{ "model_type": "siglip", "vision_config": { "num_channels": 1 } }""", "images have 1 channels")]
    [InlineData("""{ "model_type": "siglip", "text_config": { "projection_size": 1536 } }""", "texts are projected to 1536 numbers and images have 768")]
    [InlineData("""{ "model_type": "siglip", "text_config": { "hidden_size": 512 } }""", "texts have 512 numbers and images 768")]
    [InlineData("""{ "model_type": "siglip", "text_config": { "hidden_act": "relu" } }""", "hidden_act is 'relu'")]
    public void What_Flip_does_not_have_is_refused_by_name(string config, string expected)
    {
        Save();
        File.WriteAllText(_folder.File("config.json"), config);
        Assert.Contains(expected, Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SO400M_of_384_pixels_and_patches_of_14_has_729()
    {
        Save();
        File.WriteAllText(
            _folder.File("config.json"),
            """{ "model_type": "siglip", "text_config": { "hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27 }, "vision_config": { "hidden_size": 1152, "image_size": 384, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27, "patch_size": 14 } }""");
        using var stored = ModelSource.Open(_folder.Path);
        ConfigReader.Validate(stored.Config);
        Assert.Equal(729, stored.Config.Model.Image.PatchCount());
        const long width = 1152, mlp = 4304, layers = 27;
        const long layer = (4 * ((width * width) + width)) + (2 * width * mlp) + mlp + width + (4 * width);
        const long images = (14 * 14 * 3 * width) + width + (729 * width) + (layers * layer) + (2 * width);
        const long pooling = width + (4 * ((width * width) + width)) + (2 * width) + (2 * width * mlp) + mlp + width;
        const long texts = (32000 * width) + (64 * width) + (layers * layer) + (2 * width) + (width * width) + width;
        Assert.Equal(images + pooling + texts + 1, ModelCost.Of(stored.Config.Model).Parameters); // 878 million, as published
    }

    [Theory]
    [InlineData("model.image.pooling=mean", "class token")] // then it is no SiglipModel but a CLIPModel, which is another tower
    [InlineData("model.text.causal=true", "text that is causal")]
    [InlineData("model.text.pooling=firstToken", "not read at the last position")]
    [InlineData("train.loss=infoNce", "no logit bias")]
    public void What_the_format_cannot_say_is_refused(string set, string expected)
    {
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        var config = ConfigReader.Overlay(stored.Config, [set]);
        var error = Assert.Throws<ConfigException>(() => ModelWriter.CheckOpens(config, WeightFormat.HuggingFace));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tokenizer_beside_the_weights_is_read_and_written()
    {
        Save();
        File.Copy(SharedData.Golden("sentencepiece/unigram.model"), _folder.File("spiece.model"));
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{ "tokenizer_class": "SiglipTokenizer", "do_lower_case": true }""");
        using var stored = ModelSource.Open(_folder.Path);
        var tokenizer = Assert.IsType<SentencePieceTokenizer>(stored.TokenizerFor(stored.Config.Data));
        var error = Assert.Throws<ConfigException>(() => ModelFolder.WithVocabulary(stored.Config, tokenizer)); // 500 pieces, and 300 rows in the table
        Assert.Contains("300", error.Message, StringComparison.Ordinal);
        tokenizer.Save(_folder.File("saved"));
        Assert.True(File.ReadAllBytes(SharedData.Golden("sentencepiece/unigram.model")).SequenceEqual(File.ReadAllBytes(Path.Combine(_folder.File("saved"), "spiece.model"))));
    }

    private void Save()
    {
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        ModelWriter.Write(stored, _folder.Path, WeightFormat.HuggingFace, tokenizer: null);
    }

    private void Change(string name, Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(_folder.File(name)))!;
        change(file);
        File.WriteAllText(_folder.File(name), file.ToJsonString());
    }
}
