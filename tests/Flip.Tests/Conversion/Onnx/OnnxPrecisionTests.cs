using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Onnx;

public sealed class OnnxPrecisionTests : IDisposable
{
    private static readonly ModelConfig Paper = TinyModels.Paper;

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_model_that_computes_in_bf16_is_exported_from_its_fp32_weights()
    {
        using var model = TinyModels.Make(TinyModels.Clip, LossKind.Sigmoid, ScalarType.BFloat16);
        OnnxAssert.Within(OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32], TinyModels.Tokenizer), 1e-6, 1e-5);
    }

    [Fact]
    public void Half_precision_is_near_and_half_as_large()
    {
        var sizes = new Dictionary<OnnxPrecision, long>();
        foreach (var precision in new[] { OnnxPrecision.Fp32, OnnxPrecision.Fp16 })
        {
            using var model = TinyModels.Make(Paper with { Image = Paper.Image with { Width = 64 } }, LossKind.Sigmoid);
            var differences = OnnxExporter.Export(model, _folder.Path, [precision]);
            OnnxAssert.Within(differences, precision == OnnxPrecision.Fp16 ? 2e-3 : 1e-6, precision == OnnxPrecision.Fp16 ? 0.1 : 1e-4);
            Assert.Equal(precision == OnnxPrecision.Fp16, differences[0].Largest > 1e-5); // it really computes in fp16
            var file = _folder.File(OnnxExporter.NameOf(OnnxExporter.ImageFile, precision));
            sizes[precision] = new FileInfo(file).Length;
            using var images = new OnnxSession(file);
            Assert.Equal(typeof(float), images.Session.InputMetadata["pixel_values"].ElementType);
            Assert.Equal(typeof(float), images.Session.OutputMetadata["image_embeds"].ElementType);
        }

        Assert.InRange((double)sizes[OnnxPrecision.Fp16] / sizes[OnnxPrecision.Fp32], 0.48, 0.6);
    }

    [Theory]
    [InlineData(false, false, TextPooling.Mean)]
    [InlineData(true, false, TextPooling.EndOfText)]
    public void Masks_hold_in_half_precision(bool causal, bool attendPadding, TextPooling pooling)
    {
        var text = Paper.Text with { Causal = causal, AttendPadding = attendPadding, Pooling = pooling };
        using var model = TinyModels.Make(TinyModels.Clip with { Text = text });
        OnnxAssert.Within(OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp16], TinyModels.Tokenizer), 2e-3, 0.1);
    }

    [Fact]
    public void Weights_beyond_half_precision_are_refused()
    {
        using var model = TinyModels.Make(Paper);
        TinyModels.Fill(model.Parameters.Find("text.finalNorm.bias")!, 70_000);
        var error = Assert.Throws<ConfigException>(() => OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp16]));
        Assert.Equal("Weight 'text.finalNorm.bias' has values beyond float16's 65504: export it in fp32.", error.Message);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Quantized_weights_are_near_and_a_quarter_as_large(bool clip)
    {
        var start = clip ? TinyModels.Clip : Paper;
        using var model = TinyModels.Make(
            start with { Image = start.Image with { Width = 96, Depth = 3 }, Text = start.Text with { Width = 48, VocabularySize = 500 }, EmbedDim = 32 });
        var tokenizer = clip ? new CharTokenizer { EndOfTextId = 499 } : null;
        var differences = OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32, OnnxPrecision.Quantized], tokenizer);
        var quantized = differences.Where(difference => difference.Precision == OnnxPrecision.Quantized).ToList();
        Assert.Equal((12, 6), (differences.Count, quantized.Count));
        Assert.All(quantized, difference => Assert.InRange(difference.Cosine, difference.IsRanking ? 0.98 : 0.995, 0.9999999)); // near, and really quantised
        long Size(string file, OnnxPrecision precision) => new FileInfo(_folder.File(OnnxExporter.NameOf(file, precision))).Length;
        Assert.All(
            new[] { OnnxExporter.ImageFile, OnnxExporter.TextFile, OnnxExporter.JointFile },
            file => Assert.InRange((double)Size(file, OnnxPrecision.Quantized) / Size(file, OnnxPrecision.Fp32), 0.2, 0.4));
    }

    [Fact]
    public void Large_sums_do_not_overflow_in_quantized_products()
    {
        // All weights and inputs of one product at their largest: processors that add signed weights in 16 bits would lose half of it.
        using var model = TinyModels.Make(Paper with { Image = Paper.Image with { Width = 64 } });
        TinyModels.Fill(model.Parameters.Find("image.projection.weight")!, 0.5f);
        TinyModels.Fill(model.Parameters.Find("image.finalNorm.weight")!, 0);
        TinyModels.Fill(model.Parameters.Find("image.finalNorm.bias")!, 3);
        using (no_grad())
        {
            model.Parameters.Find("image.projection.weight")!.Master.narrow(0, 0, 1).fill_(0.25f);
        }

        var differences = OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Quantized]);
        Assert.InRange(differences.Single(found => found.File == "vision_model_quantized.onnx").Largest, 0, 1e-3);
    }
}
