using Flip.Config;
using Flip.Conversion;
using Flip.Data.Images;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

/// <summary>CLIPA against open_clip 3.3.0's own outputs (tests/Golden/clipa-tiny).</summary>
public sealed class ClipaParityTests : IDisposable
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
        using var stored = ModelSource.Open(SharedData.Golden("clipa-tiny"));
        AssertOutputs(stored);
    }

    [Theory]
    [InlineData(WeightFormat.Flip)]
    [InlineData(WeightFormat.OpenClip)]
    public void They_do_after_a_conversion_too(WeightFormat format)
    {
        using (var stored = ModelSource.Open(SharedData.Golden("clipa-tiny")))
        {
            ModelWriter.Write(stored, _folder.Path, format, tokenizer: null);
            Assert.Empty(ModelWriter.Notes(stored.Config, format));
        }

        using var back = ModelSource.Open(_folder.Path);
        AssertOutputs(back);
        Assert.Equal((EvalTransform.Squash, Interpolation.Bilinear), (back.Config.Eval.Transform, back.Config.Eval.Interpolation));
    }

    [Fact]
    public void The_configuration_says_what_CLIPA_is()
    {
        using var stored = ModelSource.Open(SharedData.Golden("clipa-tiny"));
        var (image, text) = (stored.Config.Model.Image, stored.Config.Model.Text);
        Assert.Equal(
            (ClassToken.WithPosition, ImagePooling.PatchMean, FinalNorm.AfterPooling, false, false),
            (image.ClassToken, image.Pooling, image.FinalNorm, image.PreNorm, image.PatchBias));
        Assert.Equal((TextPooling.LastToken, false), (text.Pooling, text.Causal));
        Assert.Equal(PositionResize.BicubicAntialias, image.PositionResize);
        Assert.Equal(PixelNormalization.ImageNet, image.Normalization);
        Assert.Equal(TokenizerKind.WordPiece, stored.Config.Data.Tokenizer);
    }

    /// <summary>open_clip's HFTokenizer with strip_sep_token: room is left for [SEP], and it is 0.</summary>
    [Theory]
    [InlineData("a dog &amp; a cat", new[] { 2, 4, 5, 7, 4, 6, 0, 0, 0, 0, 0, 0 }, 6)]
    [InlineData("a a a a a a a a a a a a a a a", new[] { 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0 }, 11)]
    [InlineData("", new[] { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 1)]
    public void Rows_begin_with_CLS_and_the_separator_is_padding(string text, int[] expected, int valid)
    {
        File.WriteAllText(_folder.File("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\ndog\ncat\n&\n");
        using var stored = ModelSource.Open(SharedData.Golden("clipa-tiny"));
        var tokenizer = stored.TokenizerFor(ConfigReader.Overlay(stored.Config, [$"data.vocabulary={_folder.File("vocab.txt")}"]).Data);
        var row = new int[12];
        Assert.Equal(valid, tokenizer.EncodeRow(text, row));
        Assert.Equal(expected, row);
    }

    [Theory]
    [InlineData("model.image.pooling=mean", true)]
    [InlineData("model.image.finalNorm=beforePooling", true)]
    [InlineData("model.text.pooling=firstToken", false)]
    [InlineData("model.text.causal=true", false)]
    public void A_dropped_detail_would_be_seen(string set, bool ofImages)
    {
        using var stored = ModelSource.Open(SharedData.Golden("clipa-tiny"));
        var changed = stored with { Config = stored.Config with { Model = ConfigReader.Overlay(stored.Config, [set]).Model } };
        var (image, text, _) = Run(changed);
        using var expected = Open("outputs");
        Assert.True(Difference(ofImages ? image : text, expected.ReadTensor(ofImages ? "image_embedding" : "text_embedding")) > 20 * EmbeddingTolerance);
    }

    [Theory]
    [InlineData("rgb.png", 1.01, 5e-3)]
    [InlineData("landscape.jpg", 6, 2e-2)]
    [InlineData("portrait.jpg", 6, 2e-2)]
    [InlineData("wide.jpg", 6, 2e-2)]
    public void Photos_are_squashed_as_open_clip_squashes_them(string photo, double levels, double tolerance)
    {
        var encoded = File.ReadAllBytes(SharedData.Require($"parity/preprocess/images/{photo}"));
        using var stored = ModelSource.Open(SharedData.Golden("clipa-tiny"));
        var config = stored.Config;
        var pixels = new byte[56 * 56 * 3];
        new EvaluationTransform(config.Eval.Transform, config.Model.Image.ImageSize, config.Eval.Interpolation).Apply(encoded, pixels);
        using var outputs = new SafetensorsReader(SharedData.Require("parity/clipa-tiny/outputs.safetensors"));
        var (mean, deviation) = PixelStatistics.Of(config.Model.Image.Normalization);
        var ours = tensor(pixels).view(56, 56, 3).to(ScalarType.Float32);
        var theirs = ((outputs.ReadTensor($"pixels/{photo}").permute(1, 2, 0) * tensor(deviation)) + tensor(mean)) * 255;
        Assert.InRange((ours - theirs).abs().quantile(tensor(0.999f)).item<float>(), 0, levels);

        using var model = stored.LoadModel(config);
        var embedding = tensor(new InferenceEncoder(model).EncodeImages(pixels, 1));
        Assert.InRange(Difference(embedding, outputs.ReadTensor($"photo/{photo}")), 0, tolerance);
    }

    private static void AssertOutputs(StoredModel stored)
    {
        var (image, text, factor) = Run(stored);
        using var expected = Open("outputs");
        Assert.InRange(Difference(image, expected.ReadTensor("image_embedding")), 0, EmbeddingTolerance);
        Assert.InRange(Difference(text, expected.ReadTensor("text_embedding")), 0, EmbeddingTolerance);
        Assert.InRange(Difference(image.mm(text.t()) * factor, expected.ReadTensor("logits")), 0, LogitTolerance);
    }

    private static (Tensor Image, Tensor Text, Tensor Factor) Run(StoredModel stored)
    {
        using var model = stored.LoadModel(stored.Config);
        using var noGrad = no_grad();
        using var inputs = Open("inputs");
        var ids = inputs.ReadTensor("ids");
        var lengths = ids.ne(0).sum(1);
        return (model.EncodeImage(inputs.ReadTensor("images").permute(0, 2, 3, 1).contiguous()), model.EncodeText(ids, lengths), model.LogitFactor().clone());
    }

    private static double Difference(Tensor actual, Tensor expected) => (actual - expected).abs().max().ToSingle();

    private static SafetensorsReader Open(string name) => new(SharedData.Golden($"clipa-tiny/{name}.safetensors"));
}
