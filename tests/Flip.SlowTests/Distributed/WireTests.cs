using System.Globalization;
using Flip.Tests;

namespace Flip.SlowTests.Distributed;

/// <summary>What really goes over the wire, in a network of its own that has nothing but the loopback.</summary>
[Collection(Alone.Name)]
public sealed class WireTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void The_bytes_on_the_wire_are_the_counted_ones(int ranks)
    {
        Assert.SkipUnless(MpiRun.Find("mpirun") is not null && MpiRun.Find("unshare") is not null && MpiRun.Find("ip") is not null, "needs mpirun, unshare and ip");
        using var folder = new TemporaryFolder();
        var scenario = string.Join(' ', MpiRun.Scenario(nameof(RankScenarios.Counted_bytes)));
        var script = "ip link set lo up || exit 77; "
            + $"mpirun --allow-run-as-root --oversubscribe --mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include lo -n {ranks} {scenario} && grep lo: /proc/net/dev > '{folder.File("lo")}'";
        using var run = MpiRun.Start(["unshare", "--net", "--", "bash", "-c", script], new Dictionary<string, string> { [RankScenarios.FolderVariable] = folder.Path });
        var (code, output, error) = run.End();
        Assert.SkipWhen(error.Contains("unshare", StringComparison.Ordinal) || code == 77, $"no network of its own can be made here: {error.Trim()}");
        Assert.True(code == 0, output + error);

        var wire = double.Parse(File.ReadAllText(folder.File("lo")).Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        var counted = Enumerable.Range(0, ranks).Sum(rank => double.Parse(RankScenarios.Said(folder.Path, rank), CultureInfo.InvariantCulture));
        Assert.InRange(wire / counted, 1, 1.04); // headers, start and end
    }
}
