using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Cluster;

/// <summary>Ranks on two hosts, one of which loses its network.</summary>
[Collection(Alone.Name)]
public sealed class NetworkHostsTests
{
    private static readonly string Flip = Path.Combine(AppContext.BaseDirectory, "flip");

    [Fact]
    public void Ranks_on_two_hosts_find_each_other()
    {
        using var hosts = new NetworkHosts();
        var (code, output, error) = hosts.Run(180, hosts.Ranks(Flip, "bench", "comm", "--largest", "1"));
        Assert.True(code == 0, output + error);
        Assert.Contains("2 ranks on 2 hosts", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_training_whose_host_loses_its_network_goes_on_without_it()
    {
        using var hosts = new NetworkHosts();
        using var training = new TinyTraining();
        hosts.Variables["FLIP_COLLECTIVE_TIMEOUT"] = "10";
        var run = training.File("run");
        string[] train =
        [
            "train", "--run", run, .. training.Settings, .. TinyTraining.Model,
            "-s", "train.samples=3000 steps", "-s", "train.checkpointEvery=50 steps", "-s", "train.logEvery=100 steps", "-s", "train.keepCheckpoints=2",
        ];
        var line = hosts.OnFirst(
            [Flip, "launch", "-n", "2", "--hosts", $"{hosts.First}:1,{hosts.Second}:1", "--min-ranks", "1", "--mpirun-args", string.Join(' ', hosts.Options), "--", .. train]);
        var job = Task.Run(() => hosts.Run(600, line), TestContext.Current.CancellationToken);
        var checkpoints = Path.Combine(run, "checkpoints");
        hosts.Await("A checkpoint", 240, () => job.IsCompleted || (Directory.Exists(checkpoints) && Directory.GetDirectories(checkpoints).Length > 0));
        hosts.Unplug();

        var (code, output, error) = await job;
        Assert.True(code == 0, $"{code}\n{output}\n{error}");
        Assert.Contains("Ranks were lost", error, StringComparison.Ordinal);
        Assert.Contains($"Starting 1 ranks on {hosts.First}:1", error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
        Assert.Contains("\"steps\": 3000", File.ReadAllText(Path.Combine(run, "results.json")), StringComparison.Ordinal);
        hosts.Await("The end of the ranks on the lost host", 120, () => !hosts.On(hosts.Second).Any(IsFlip));
    }

    private static bool IsFlip(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim() == "flip";
        }
        catch (IOException)
        {
            return false; // it has just ended
        }
    }
}
