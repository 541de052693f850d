using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Tests.Cli;

namespace Flip.Tests.Conversion;

/// <summary>Who embeds whole images, by the setting and by what the towers compute in.</summary>
[Collection(Alone.Name)] // one test changes where temporary files go
public sealed class ImageRuntimesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("auto", "fp32", true)]
    [InlineData("auto", "bf16", false)]
    [InlineData("onnx", "fp32", true)]
    [InlineData("onnx", "auto", true)]
    [InlineData("libtorch", "fp32", false)]
    public void Onnx_runtime_takes_over_where_it_is_asked_for_or_where_it_is_quicker(string runtime, string precision, bool isOnnx)
    {
        TinyModel.Save(_folder.Path);
        using var loaded = ModelSource.Load(_folder.Path, [$"eval.runtime={runtime}", $"train.precision={precision}"]);
        Assert.IsType(isOnnx ? typeof(OnnxEncoder) : typeof(InferenceEncoder), loaded.Encoder);
        Assert.Same(loaded.Encoder, loaded.Encoder);
    }

    [Fact]
    public void What_onnx_runtime_does_not_do_is_said()
    {
        TinyModel.Save(_folder.Path);
        using var loaded = ModelSource.Load(_folder.Path, ["eval.runtime=onnx", "train.precision=bf16"]);
        var failure = Assert.Throws<ConfigException>(() => loaded.Encoder);
        Assert.Equal("eval.runtime = onnx: ONNX Runtime computes in fp32 on the processor; leave train.precision out.", failure.Message);
    }

    [Fact]
    public void Where_there_is_no_room_for_its_copy_libtorch_computes_unless_onnx_runtime_was_asked_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere another variable says where temporary files go");
        TinyModel.Save(_folder.Path);
        var said = new List<string>();
        using var auto = ModelSource.Load(_folder.Path, ["train.precision=fp32"], said.Add);
        using var onnx = ModelSource.Load(_folder.Path, ["train.precision=fp32", "eval.runtime=onnx"]);
        var before = Environment.GetEnvironmentVariable("TMPDIR");
        try
        {
            Environment.SetEnvironmentVariable("TMPDIR", _folder.File("nowhere"));
            Assert.IsType<InferenceEncoder>(auto.Encoder);
            Assert.StartsWith("ONNX Runtime cannot compute this model, so libtorch does: ", Assert.Single(said), StringComparison.Ordinal);
            Assert.StartsWith("eval.runtime = onnx: ONNX Runtime cannot compute this model: ", Assert.Throws<ConfigException>(() => onnx.Encoder).Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }

    [Fact]
    public void A_model_alone_is_its_towers()
    {
        TinyModel.Save(_folder.Path);
        using var loaded = Flip.Storage.ModelFolder.Load(_folder.Path);
        Assert.IsType<InferenceEncoder>(loaded.Encoder);
    }
}
