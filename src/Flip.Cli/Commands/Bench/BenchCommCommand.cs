using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Benchmarking;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Devices;
using Flip.Distributed;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Commands.Bench;

/// <summary><c>flip bench comm</c>: the latency and bandwidth of what ranks exchange, as docs/cluster.md reckons with them.</summary>
internal static class BenchCommCommand
{
    private const long Smallest = 1 << 10;
    private const int LargestMegabytes = 1 << 16;
    private const int Factor = 4;

    public static Command Create(CommandRanks ranks)
    {
        var largest = new Option<int>("--largest") { Description = "The largest size, in MB of the whole.", DefaultValueFactory = _ => 64 };
        var device = new Option<string>("--device") { Description = "auto, cpu or cuda.", DefaultValueFactory = _ => Compute.Auto };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "comm",
            "Time all-reduce, all-gather, reduce-scatter and shift among the ranks of mpirun or srun, and fit a latency (alpha) and an inverse bandwidth (beta) to each.")
        {
            largest, device, json,
        };
        ranks.Share(command);
        command.SetAction(result =>
        {
            var megabytes = result.GetValue(largest);
            if (megabytes is < 1 or > LargestMegabytes)
            {
                throw new ConfigException($"--largest {megabytes}: must be at least 1 and at most {LargestMegabytes}.");
            }

            if (ranks.All is not RankCommunicator all)
            {
                throw new ConfigException("flip bench comm times what several processes exchange: start it with mpirun -n N, or with srun.");
            }

            var compute = Compute.Of(new TrainConfig { Device = result.GetValue(device)! });
            RankDevices.Check(all, compute.Device);
            var times = new CollectiveTimes(all, compute.Device);
            var report = new CommReport(
                all.World,
                all.Places.Select(place => place.Host).Distinct().Count(),
                compute.Device.ToString(),
                all.Mpi.Library.Version,
                [.. CollectiveTimes.Operations.Select(operation => Measure(times, operation, (long)megabytes << 20))]);
            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(report, JsonOutput.Options) + "\n" : report.ToMarkdown());
        });
        return command;
    }

    private static CommOperation Measure(CollectiveTimes times, string operation, long largest)
    {
        var points = new List<CollectiveTime>();
        for (var bytes = Smallest; bytes <= largest; bytes *= Factor)
        {
            points.Add(times.Measure(operation, bytes));
        }

        return new CommOperation(AlphaBeta.Fit(points), points);
    }
}
