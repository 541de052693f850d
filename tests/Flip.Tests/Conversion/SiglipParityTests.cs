using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion;
using Flip.Data.Images;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

/// <summary>SigLIP against the outputs of open_clip 3.3.0 and timm 1.0 (tests/Golden/siglip-tiny).</summary>
public sealed class SiglipParityTests : IDisposable
{
    private const double EmbeddingTolerance = 2e-5;
    private const double LogitTolerance = 1e-4;

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Images_texts_and_logits_equal_open_clip()
    {
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        AssertOutputs(stored);
    }

    [Theory]
    [InlineData(WeightFormat.Flip)]
    [InlineData(WeightFormat.OpenClip)]
    [InlineData(WeightFormat.HuggingFace)]
    public void They_do_after_a_conversion_too(WeightFormat format)
    {
        using (var stored = ModelSource.Open(SharedData.Golden("siglip-tiny")))
        {
            ModelWriter.Write(stored, _folder.Path, format, tokenizer: null);
        }

        using var back = ModelSource.Open(_folder.Path);
        AssertOutputs(back);
        Assert.Equal((EvalTransform.Squash, Interpolation.Bicubic), (back.Config.Eval.Transform, back.Config.Eval.Interpolation));
        Assert.Equal(LossKind.Sigmoid, back.Config.Train.Loss);
        Assert.Equal(PixelNormalization.Half, back.Config.Model.Image.Normalization);
        Assert.Equal(TokenizerKind.SentencePiece, back.Config.Data.Tokenizer);
    }

    [Fact]
    public void A_round_trip_through_Hugging_Face_changes_no_bit()
    {
        using (var stored = ModelSource.Open(SharedData.Golden("siglip-tiny")))
        {
            ModelWriter.Write(stored, _folder.File("hf"), WeightFormat.HuggingFace, tokenizer: null);
        }

        using (var stored = ModelSource.Open(_folder.File("hf")))
        {
            Assert.Equal("Hugging Face SiglipModel", stored.Format);
            Assert.Equal([64L * 3, 64], stored.Weights.Describe("vision_model.head.attention.in_proj_weight").Shape);
            Assert.Equal([1L, 1, 64], stored.Weights.Describe("vision_model.head.probe").Shape);
            Assert.Equal([1L], stored.Weights.Describe("logit_bias").Shape);
            Assert.Contains("SiglipModel.from_pretrained", File.ReadAllText(Path.Combine(_folder.File("hf"), "README.md")), StringComparison.Ordinal);
            ModelWriter.Write(stored, _folder.File("back"), WeightFormat.OpenClip, tokenizer: null);
        }

        using var first = new SafetensorsReader(SharedData.Golden("siglip-tiny/open_clip_model.safetensors"));
        using var last = new SafetensorsReader(Path.Combine(_folder.File("back"), "open_clip_model.safetensors"));
        Assert.Equal(first.Names.Order(), last.Names.Order());
        Assert.All(first.Names, name => Assert.True(first.ReadTensor(name).equal(last.ReadTensor(name)).all().item<bool>(), name));
    }

    [Fact]
    public void Weights_without_a_configuration_are_taken_for_SigLIP()
    {
        var path = _folder.File("siglip.safetensors");
        File.Copy(SharedData.Golden("siglip-tiny/open_clip_model.safetensors"), path);
        using var stored = ModelSource.Open(path, ["model.image.heads=2", "model.text.heads=2"]); // 64 wide, they would be 1
        AssertOutputs(stored);
        Assert.Contains(stored.Assumptions, assumed => assumed.Text.Contains("model.text.pooling=lastToken", StringComparison.Ordinal));
    }

    [Fact]
    public void The_configuration_says_what_SigLIP_is()
    {
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        var (image, text, data) = (stored.Config.Model.Image, stored.Config.Model.Text, stored.Config.Data);
        Assert.Equal(
            (ClassToken.None, ImagePooling.Attention, FinalNorm.BeforePooling, false, true),
            (image.ClassToken, image.Pooling, image.FinalNorm, image.Projection, image.PatchBias));
        Assert.Equal((TextPooling.LastToken, false, true), (text.Pooling, text.Causal, text.ProjectionBias));
        Assert.Equal((TokenizerKind.SentencePiece, TextCleaning.Canonicalize), (data.Tokenizer, data.TextCleaning));
        Assert.Equal(LossKind.Sigmoid, stored.Config.Train.Loss);
    }

    [Fact]
    public void A_description_of_the_full_model_beside_small_tensors_is_refused_with_both_shapes()
    {
        foreach (var file in Directory.GetFiles(SharedData.Golden("siglip-tiny")))
        {
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        }

        var path = _folder.File("open_clip_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["model_cfg"]!["vision_cfg"]!.AsObject().Remove("timm_model_kwargs");
        config["model_cfg"]!["vision_cfg"]!["image_size"] = 224;
        config["model_cfg"]!["embed_dim"] = 768;
        File.WriteAllText(path, config.ToJsonString());
        using var stored = ModelSource.Open(_folder.Path);
        var error = Assert.Throws<CheckpointFormatException>(() => stored.LoadModel(stored.Config));
        Assert.Contains("visual.trunk.patch_embed.proj.weight is [64, 3, 16, 16], expected [768, 3, 16, 16]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.image.heads=4", true)]
    [InlineData("model.image.layerNormEps=1e-3", true)]
    [InlineData("model.image.activation=quickGelu", true)]
    [InlineData("model.text.causal=true", false)]
    [InlineData("model.text.pooling=firstToken", false)]
    public void A_dropped_detail_would_be_seen(string set, bool ofImages)
    {
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        var changed = stored with { Config = stored.Config with { Model = ConfigReader.Overlay(stored.Config, [set]).Model } };
        var (image, text, _, _) = Run(changed);
        using var expected = Open("outputs");
        Assert.True(Difference(ofImages ? image : text, expected.ReadTensor(ofImages ? "image_embedding" : "text_embedding")) > 20 * EmbeddingTolerance);
    }

    [Theory]
    [InlineData("rgb.png", 1.01, 5e-3)]
    [InlineData("landscape.jpg", 6, 2e-2)]
    [InlineData("portrait.jpg", 6, 2e-2)]
    [InlineData("wide.jpg", 6, 2e-2)]
    public void Photos_become_the_embeddings_of_open_clip(string photo, double levels, double tolerance)
    {
        var encoded = File.ReadAllBytes(SharedData.Require($"parity/preprocess/images/{photo}"));
        using var stored = ModelSource.Open(SharedData.Golden("siglip-tiny"));
        var config = stored.Config;
        var size = config.Model.Image.ImageSize;
        var pixels = new byte[size * size * 3];
        new EvaluationTransform(config.Eval.Transform, size, config.Eval.Interpolation).Apply(encoded, pixels);
        using var outputs = new SafetensorsReader(SharedData.Require("parity/siglip-tiny/outputs.safetensors"));
        var (mean, deviation) = PixelStatistics.Of(config.Model.Image.Normalization);
        var ours = tensor(pixels).view(size, size, 3).to(ScalarType.Float32);
        var theirs = ((outputs.ReadTensor($"pixels/{photo}").permute(1, 2, 0) * tensor(deviation)) + tensor(mean)) * 255;
        Assert.InRange((ours - theirs).abs().quantile(tensor(0.999f)).item<float>(), 0, levels);

        using var model = stored.LoadModel(config);
        var embedding = tensor(new InferenceEncoder(model).EncodeImages(pixels, 1));
        Assert.InRange(Difference(embedding, outputs.ReadTensor($"photo/{photo}")), 0, tolerance);
    }

    private static void AssertOutputs(StoredModel stored)
    {
        var (image, text, factor, bias) = Run(stored);
        using var expected = Open("outputs");
        Assert.InRange(Difference(image, expected.ReadTensor("image_embedding")), 0, EmbeddingTolerance);
        Assert.InRange(Difference(text, expected.ReadTensor("text_embedding")), 0, EmbeddingTolerance);
        Assert.InRange(Difference((image.mm(text.t()) * factor) + bias, expected.ReadTensor("logits")), 0, LogitTolerance);
    }

    private static (Tensor Image, Tensor Text, Tensor Factor, Tensor Bias) Run(StoredModel stored)
    {
        using var model = stored.LoadModel(stored.Config);
        using var noGrad = no_grad();
        using var inputs = Open("inputs");
        var ids = inputs.ReadTensor("ids");
        var lengths = ids.ne(0).sum(1);
        return (
            model.EncodeImage(inputs.ReadTensor("images").permute(0, 2, 3, 1).contiguous()),
            model.EncodeText(ids, lengths),
            model.LogitFactor().clone(),
            model.LogitBias!.Value.clone());
    }

    private static double Difference(Tensor actual, Tensor expected) => (actual - expected).abs().max().ToSingle();

    private static SafetensorsReader Open(string name) => new(SharedData.Golden($"siglip-tiny/{name}.safetensors"));
}
