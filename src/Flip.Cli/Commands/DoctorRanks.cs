using System.Text.Json;
using Flip.Cli.Benchmarking;
using Flip.Cli.Reporting;
using Flip.Devices;
using Flip.Distributed;
using Flip.Native;
using Flip.Tasks.Diagnostics;
using TorchSharp;

namespace Flip.Cli.Commands;

/// <summary>The part of <c>flip doctor</c> about the processes that a launcher has started. All ranks run it; rank 0 shows it.</summary>
internal static class DoctorRanks
{
    private const long SmallBytes = 8;
    private const long LargeBytes = 16 << 20;

    /// <summary>Compares the ranks, checks and times what they exchange. The first problem of any rank becomes that of all.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="launcher">What started them.</param>
    /// <param name="report">What this rank has found by itself.</param>
    /// <param name="view">Shows it.</param>
    /// <param name="cancellation">Stops it.</param>
    public static RanksReport Examine(RankCommunicator ranks, Launcher launcher, DoctorReport report, DoctorView view, CancellationToken cancellation)
    {
        var place = ranks.Places[ranks.Rank];
        var own = new RankFacts(
            place.Rank, place.Host, place.LocalRank, report.Device, GpuOf(report), Processors.Available, report.Problem);
        RankFacts[] all = [.. ranks.Exchange(JsonSerializer.SerializeToUtf8Bytes(own)).Select(bytes => JsonSerializer.Deserialize<RankFacts>(bytes)!)];
        report.Problem = all.Where(one => one.Problem is not null).Select(one => $"rank {one.Rank} on {one.Host}: {one.Problem}").FirstOrDefault();
        var (nccl, ncclProblem) = RankCommunicator.FindNccl();
        var result = new RanksReport(launcher, ranks.Mpi.Library, nccl, ncclProblem, all, [], []);
        view.Show(result);
        if (report.Problem is null)
        {
            var device = torch.device(own.Device!);
            RankDevices.Check(ranks, device);
            result = result with { Checks = Checks(ranks, device, report, view, cancellation) };
            result = result with { Times = [.. CollectiveTimes.Operations.SelectMany(operation => Times(new CollectiveTimes(ranks, device), operation))] };
            view.Show(result.Times);
        }

        return result;
    }

    private static List<CheckResult> Checks(RankCommunicator ranks, torch.Device device, DoctorReport report, DoctorView view, CancellationToken cancellation)
    {
        var checks = new List<CheckResult>();
        foreach (var check in new CollectiveChecks(ranks, device).Run(cancellation))
        {
            checks.Add(check);
            view.Show(check);
            report.Problem ??= check.Passed ? null : $"{check.Name}: {check.Problem}";
        }

        return checks;
    }

    private static IEnumerable<CollectiveTime> Times(CollectiveTimes times, string operation) =>
        [times.Measure(operation, SmallBytes), times.Measure(operation, LargeBytes)];

    private static string? GpuOf(DoctorReport report) =>
        report.Device?.StartsWith("cuda", StringComparison.Ordinal) == true && CudaDriver.Devices.Count > 0 ? CudaDriver.Devices[0].Name : null;
}
