using System.Runtime.InteropServices;
using Flip.Conversion.Onnx;
using Flip.Conversion.Onnx.Schema;
using Flip.Models;
using Flip.Storage;
using Google.Protobuf;
using static Flip.Conversion.Onnx.Schema.TensorProto.Types;

namespace Flip.Tests.Conversion.Onnx;

public sealed class OnnxCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FlipModel _model = TinyModels.Make(TinyModels.Clip);

    public OnnxCheckTests() => OnnxExporter.Export(_model, _folder.Path, [OnnxPrecision.Fp32], TinyModels.Tokenizer);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Any_weight_that_is_wrong_is_noticed()
    {
        var path = _folder.File(OnnxExporter.JointFile);
        var whole = File.ReadAllBytes(path);
        var names = ModelProto.Parser.ParseFrom(whole).Graph.Initializer
            .Where(weight => weight.DataType == DataType.Float)
            .Select(weight => weight.Name)
            .ToList();
        Assert.True(names.Count > 40);
        foreach (var name in names)
        {
            var model = ModelProto.Parser.ParseFrom(whole);
            Corrupt(model.Graph.Initializer.Single(weight => weight.Name == name));
            File.WriteAllBytes(path, model.ToByteArray());
            var error = Assert.Throws<OnnxMismatchException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, TinyModels.Tokenizer), [OnnxPrecision.Fp32]));
            Assert.All(error.Differences, found => Assert.True(found.IsWithin || found.File == OnnxExporter.JointFile, name));
        }
    }

    [Fact]
    public void A_difference_is_told_by_file_and_output()
    {
        var path = _folder.File(OnnxExporter.ImageFile);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        Corrupt(model.Graph.Initializer.Single(weight => weight.Name == "image.projection.weight"));
        File.WriteAllBytes(path, model.ToByteArray());
        var error = Assert.Throws<OnnxMismatchException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, TinyModels.Tokenizer), [OnnxPrecision.Fp32]));
        var start = $"{_folder.Path}: the export differs from the model: vision_model.onnx image_embeds by ";
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
        Assert.Contains(", allowed 2e-05, cosine ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("text_model.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_pixel_statistics_are_noticed()
    {
        var path = _folder.File(OnnxExporter.ImageFile);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        model.MetadataProps.Single(entry => entry.Key == "image_mean").Value = "[0.5,0.5,0.5]";
        File.WriteAllBytes(path, model.ToByteArray());
        Assert.Throws<OnnxMismatchException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, TinyModels.Tokenizer), [OnnxPrecision.Fp32]));
    }

    [Fact]
    public void A_file_that_is_cut_or_missing_is_named()
    {
        var path = _folder.File(OnnxExporter.TextFile);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);
        var error = Assert.Throws<CheckpointFormatException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, TinyModels.Tokenizer), [OnnxPrecision.Fp32]));
        Assert.StartsWith(path + ": ONNX Runtime: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        File.Delete(path);
        Assert.Throws<CheckpointFormatException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, TinyModels.Tokenizer), [OnnxPrecision.Fp32]));
    }

    [Fact]
    public void Inputs_that_do_not_fit_the_model_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new OnnxInputs(_model.Config, new byte[767], new int[8], new[] { 8 }));
        Assert.Throws<ArgumentException>(() => new OnnxInputs(_model.Config, new byte[768], new int[9], new[] { 8 }));
        Assert.Throws<ArgumentException>(() => new OnnxInputs(_model.Config, new byte[768], new int[8], new[] { 9 }));
    }

    [Theory]
    [InlineData(new float[] { 1, 0, 0, 1 }, 0, 1)]
    [InlineData(new float[] { 1, 0, 1, 0 }, 1, 0)]
    [InlineData(new float[] { 1, 0.5f, 0, 1 }, 0.5, 0.894427)] // 1 / √1.25
    [InlineData(new float[] { 1, 0, 0, float.NaN }, double.NaN, double.NaN)]
    public void Differences_are_the_largest_of_an_entry_and_the_smallest_cosine_of_a_row(float[] actual, double largest, double cosine)
    {
        var difference = OnnxDifference.Of("f", "o", OnnxPrecision.Fp32, [1, 0, 0, 1], actual, columns: 2, tolerance: 0.5);
        Assert.Equal(largest, difference.Largest, 1e-6);
        Assert.Equal(cosine, difference.Cosine, 1e-6);
        Assert.Equal(largest <= 0.5, difference.IsWithin);
    }

    [Fact]
    public void A_loss_of_accuracy_is_told_on_average_and_by_the_best_matches()
    {
        var found = OnnxDifference.Of("f", "logits_per_image", OnnxPrecision.Quantized, [1, 0, 0, 1, 1, 0], [2, 0, 1, 0, 2, 1], columns: 2, tolerance: 2);
        Assert.Equal(2 / 3.0, found.SameBest, 1e-9);
        Assert.Equal((1 + 0 + (2 / Math.Sqrt(5))) / 3, found.MeanCosine, 1e-9);
        Assert.True(found.IsRanking);
    }

    /// <summary>Changes every entry by a number of its own: adding one to all would leave LayerNorms and softmax as they are.</summary>
    private static void Corrupt(TensorProto weight)
    {
        var values = MemoryMarshal.Cast<byte, float>(weight.RawData.ToByteArray().AsSpan());
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * 1.5f) + (0.1f * MathF.Cos(i));
        }

        weight.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values));
    }
}
