using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Tests.Cli;

namespace Flip.Tests.Conversion;

/// <summary>Who embeds whole images, by the setting and by what the towers compute in.</summary>
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
    public void A_model_alone_is_its_towers()
    {
        TinyModel.Save(_folder.Path);
        using var loaded = Flip.Storage.ModelFolder.Load(_folder.Path);
        Assert.IsType<InferenceEncoder>(loaded.Encoder);
    }
}
