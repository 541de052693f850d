using System.Text.Json;
using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Cluster;

/// <summary>Ranks on two hosts, one of which loses its network.</summary>
[Collection(Alone.Name)]
public sealed class NetworkHostsTests
{
    private const int TimeoutSeconds = 10;

    private static readonly string Flip = Path.Combine(AppContext.BaseDirectory, "flip");

    [Fact]
    public void Ranks_on_two_hosts_find_each_other()
    {
        using var hosts = new NetworkHosts();
        var (code, output, error) = hosts.Run(180, hosts.Line(Flip, "bench", "comm", "--largest", "1"));
        Assert.True(code == 0, output + error);
        Assert.Contains("2 ranks on 2 hosts", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_training_whose_network_fails_ends_with_a_message_and_can_go_on()
    {
        using var hosts = new NetworkHosts();
        using var training = new TinyTraining();
        hosts.Variables["FLIP_COLLECTIVE_TIMEOUT"] = TimeoutSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var run = training.File("run");
        string[] settings = [.. training.Settings, .. TinyTraining.Model, "-s", "train.samples=1000000 steps", "-s", "train.checkpointEvery=20 steps", "-s", "train.logEvery=100 steps", "-s", "train.keepCheckpoints=2"];
        var job = Task.Run(() => hosts.Run(360, hosts.Line([Flip, "train", "--run", run, .. settings])), TestContext.Current.CancellationToken);
        hosts.Await("A checkpoint", 180, () => job.IsCompleted || (Directory.Exists(Path.Combine(run, "checkpoints")) && Directory.GetDirectories(Path.Combine(run, "checkpoints")).Length > 0));
        Assert.False(job.IsCompleted, job.IsCompleted ? string.Join('\n', (await job).Output, (await job).Error) : "");
        var unplugged = System.Diagnostics.Stopwatch.StartNew();
        hosts.Unplug();

        var (code, output, error) = await job;
        TestContext.Current.TestOutputHelper?.WriteLine($"{unplugged.Elapsed.TotalSeconds:0} s\n{output}\n{error}");
        Assert.NotEqual(0, code);
        Assert.Contains(hosts.Second, error, StringComparison.Ordinal);
        Assert.InRange(unplugged.Elapsed.TotalSeconds, 0, 180);
        hosts.Await("The lost host's own end", 120, () => hosts.On(hosts.Second).Length == 0);

        // On what is left the run goes on, and ends.
        var steps = Steps(run) + 20;
        var (resumed, _, problem) = hosts.Run(180, Flip, "train", "--resume", run, "-s", $"train.samples={steps} steps");
        Assert.True(resumed == 0, problem);
        Assert.Equal(steps, JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "results.json"))).RootElement.GetProperty("steps").GetInt64());
    }

    private static long Steps(string run) => Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(Path.GetFileName)
        .Select(name => long.Parse(new string([.. name!.Where(char.IsAsciiDigit)]), System.Globalization.CultureInfo.InvariantCulture)).Max();
}
