using Flip.Config;
using Flip.Devices;
using TorchSharp;

namespace Flip.Tests.Devices;

public class ComputeTests
{
    [Fact]
    public void Without_a_GPU_auto_is_the_processor()
    {
        Assert.SkipWhen(torch.cuda.is_available(), "there is a GPU");
        Assert.Equal(DeviceType.CPU, Compute.Of(new TrainConfig()).Device.type);
        Assert.True(Compute.Has("auto") && Compute.Has("cpu"));
        Assert.False(Compute.Has("cuda") || Compute.Has("cuda:1"));
        var error = Assert.Throws<ConfigException>(() => Compute.Of(new TrainConfig { Device = "cuda:1" }));
        Assert.Contains("train.device = cuda:1: this libtorch sees the processor alone", error.Message, StringComparison.Ordinal);
        Assert.Contains("FLIP_LIBTORCH", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:x")]
    [InlineData("cuda:0:1")]
    [InlineData("CPU")]
    public void Other_names_are_refused_by_the_settings(string device)
    {
        var error = Assert.Throws<ConfigException>(() => ConfigReader.Resolve("tiny", null, [$"train.device={device}"]));
        Assert.Contains("must be auto, cpu, cuda or cuda:N", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void A_named_number_format_is_taken_as_it_is(Precision precision) =>
        Assert.Equal(precision, Compute.Of(new TrainConfig { Precision = precision }).Precision);
}
