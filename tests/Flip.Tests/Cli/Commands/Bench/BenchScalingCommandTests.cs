using System.Text.Json;

namespace Flip.Tests.Cli.Commands.Bench;

[Collection(Alone.Name)]
public sealed class BenchScalingCommandTests
{
    [Fact]
    public void It_prints_efficiencies_the_parts_of_a_step_and_the_network_that_is_needed()
    {
        var (code, output, error) = CommandRun.Run(["bench", "scaling", "--preset", "flip-l16", "--mask", "0.5", "--batch", "65536", "--gpus", "8,256"]);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Contains("one ring through all", output, StringComparison.Ordinal);
        Assert.Contains("| efficiency at GPUs | mask | batch | 8 | 256 |", output, StringComparison.Ordinal);
        Assert.Contains("| flip-l16 | 0.5 | 65536 | 256 |", output, StringComparison.Ordinal);
        Assert.Contains("GB/s for 95 %", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Measured_constants_take_the_place_of_the_known_ones()
    {
        string[] args =
        [
            "bench", "scaling", "--preset", "flip-b16", "--mask", "0.5", "--batch", "4096", "--gpus", "1,16", "--pairs-per-second", "4096",
            "--intra", "100", "--inter", "10", "--hops", "2,5", "--per-host", "4", "--json",
        ];
        var (code, output, error) = CommandRun.Run(args);
        Assert.Equal((0, string.Empty), (code, error));
        var steps = JsonDocument.Parse(output).RootElement.GetProperty("rows")[0].GetProperty("steps");
        Assert.Equal(1, steps[0].GetProperty("towers").GetDouble(), 9); // 4096 pairs at 4096 a second
        Assert.Equal(1, steps[0].GetProperty("efficiency").GetDouble(), 9);
        Assert.True(steps[1].GetProperty("exchange").GetDouble() > 0);
    }

    [Theory]
    [InlineData("--gpu", "b200", "expected h100 or a100")]
    [InlineData("--gpus", "8,x", "'x' is no number")]
    [InlineData("--mask", "1.5", "at most 0.99")]
    [InlineData("--hops", "2", "expected two numbers")]
    [InlineData("--inter", "0", "must be at least")]
    [InlineData("--per-host", "0", "must be at least 1")]
    [InlineData("--preset", "flip-x", "no such preset")]
    public void What_is_no_machine_is_refused(string option, string value, string words) =>
        CommandRun.AssertFails(["bench", "scaling", option, value], words);
}
