using System.Text.Json;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class DoctorCommandTests
{
    [Fact]
    public void The_machine_and_every_check_are_told_as_JSON()
    {
        var (code, output, error) = CommandRun.Run(["doctor", "--quick", "--json", "--device", "cpu"]);
        Assert.True(code == 0, error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("cpu", report.GetProperty("device").GetString());
        Assert.StartsWith("2.10.0", report.GetProperty("machine").GetProperty("libTorch").GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.Equal(Environment.ProcessorCount, report.GetProperty("machine").GetProperty("cores").GetInt32());
        Assert.InRange(report.GetProperty("machine").GetProperty("processor").GetString()!.Length, 2, 100);
        Assert.InRange(report.GetProperty("selfTest").GetArrayLength(), 14, 100);
        Assert.All(report.GetProperty("selfTest").EnumerateArray(), check => Assert.True(check.GetProperty("passed").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("problem").ValueKind);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("step").ValueKind);
    }

    [Fact]
    public void A_step_is_timed_with_its_waits_and_copies()
    {
        var (code, output, error) = CommandRun.Run(
            ["doctor", "--device", "cpu", "--preset", "tiny", "--batch", "4", "-s", "model.image.depth=1", "-s", "model.text.depth=1"]);
        Assert.True(code == 0, error);
        Assert.Contains("  right  golden model: gradients", output, StringComparison.Ordinal);
        Assert.Contains("Of each step: waits for the device 1, copies to it 2", output, StringComparison.Ordinal);
        Assert.EndsWith("Nothing is wrong.", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_here_is_told_although_the_device_is_not()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "there is a GPU");
        var (code, output, _) = CommandRun.Run(["doctor", "--device", "cuda"]);
        Assert.Equal(1, code);
        Assert.Contains("Processor ", output, StringComparison.Ordinal);
        Assert.Contains("WRONG: train.device = cuda: this libtorch sees the processor alone", output, StringComparison.Ordinal);
    }
}
