using Flip.Conversion.Onnx;
using Flip.Conversion.Onnx.Schema;
using Flip.Models;
using Flip.Storage;

namespace Flip.Tests.Conversion.Onnx;

public sealed class OnnxFileTests : IDisposable
{
    private const long NothingInline = 10_000;

    private readonly TemporaryFolder _folder = new();
    private readonly FlipModel _model = TinyModels.Make(TinyModels.Paper);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Large_weights_go_to_a_file_beside()
    {
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32, inlineLimit: NothingInline);
        var parts = Directory.GetFiles(_folder.Path, "model.onnx_data*");
        Assert.True(parts.Length > 2);
        Assert.All(parts, part => Assert.InRange(new FileInfo(part).Length, 1, NothingInline)); // a browser reads each at once
        Assert.All(new[] { "vision_model.onnx_data", "text_model.onnx_data", "text_model.onnx_data_1" }, file => Assert.True(File.Exists(_folder.File(file)), file));
        Assert.All(OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, null), [OnnxPrecision.Fp32]), difference => Assert.InRange(difference.Largest, 0, 2e-5));

        var weights = Parse("model.onnx").Graph.Initializer;
        var outside = weights.Where(weight => weight.DataLocation == TensorProto.Types.DataLocation.External).ToList();
        Assert.Equal(
            Enumerable.Range(0, parts.Length).Select(part => part == 0 ? "model.onnx_data" : $"model.onnx_data_{part}"),
            outside.Select(weight => Fact(weight, "location")).Distinct());
        Assert.All(outside, weight => Assert.Equal(0, long.Parse(Fact(weight, "offset"), null) % 4096));
        Assert.All(outside, weight => Assert.Equal(weight.Dims.Aggregate(4L, (a, b) => a * b), long.Parse(Fact(weight, "length"), null)));
        Assert.Contains(outside, weight => weight.Name == "text.tokenEmbedding");
        Assert.All(weights, weight => Assert.Equal(outside.Contains(weight), weight.RawData.IsEmpty));

        // Folders are moved: nothing in them may say where they were.
        var moved = _folder.File("moved");
        Directory.CreateDirectory(moved);
        Array.ForEach(Directory.GetFiles(_folder.Path), path => File.Move(path, Path.Combine(moved, Path.GetFileName(path))));
        OnnxCheck.Require(_model, moved, OnnxInputs.Draw(_model.Config, null), [OnnxPrecision.Fp32]);
    }

    [Fact]
    public void A_file_of_weights_that_is_cut_is_an_error()
    {
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32, inlineLimit: NothingInline);
        using (var data = File.OpenWrite(_folder.File("model.onnx_data")))
        {
            data.SetLength(data.Length - 1);
        }

        var error = Assert.Throws<CheckpointFormatException>(() => OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, null), [OnnxPrecision.Fp32]));
        Assert.StartsWith(_folder.File("model.onnx") + ": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_earlier_exports_file_of_weights_does_not_stay()
    {
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32, inlineLimit: NothingInline);
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32);
        Assert.Equal(
            ["model.onnx", "text_model.onnx", "vision_model.onnx"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        OnnxCheck.Require(_model, _folder.Path, OnnxInputs.Draw(_model.Config, null), [OnnxPrecision.Fp32]);
    }

    [Fact]
    public void The_joint_file_has_each_weight_once()
    {
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32);
        var joint = Parse("model.onnx").Graph;
        Assert.Equal(joint.Initializer.Count, joint.Initializer.Select(weight => weight.Name).Distinct().Count());
        var towers = Parse("vision_model.onnx").Graph.Initializer.Concat(Parse("text_model.onnx").Graph.Initializer).Select(weight => weight.Name);
        Assert.Equal(
            towers.Append("logit_scale").Distinct().Order(StringComparer.Ordinal),
            joint.Initializer.Select(weight => weight.Name).Order(StringComparer.Ordinal));
        var weightBytes = _model.Parameters.Count * 4;
        Assert.InRange(new FileInfo(_folder.File("model.onnx")).Length, weightBytes, weightBytes + 40_000);
    }

    [Fact]
    public void A_model_is_written_the_same_twice()
    {
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32);
        var first = File.ReadAllBytes(_folder.File("model.onnx"));
        OnnxExporter.Write(_model, _folder.Path, OnnxPrecision.Fp32);
        Assert.Equal(first, File.ReadAllBytes(_folder.File("model.onnx")));
    }

    private ModelProto Parse(string file) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder.File(file)));

    private static string Fact(TensorProto weight, string key) => weight.ExternalData.Single(entry => entry.Key == key).Value;
}
