using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Data.Simulation;

namespace Flip.Cli.Commands.Data;

/// <summary><c>flip data simulate</c>: what a training would wait for shards of the network, and how well windows of shards shuffle.</summary>
internal static class DataSimulateCommand
{
    private static readonly int[] Windows = [1, 4, 16, 64, 256, 0];

    private static readonly Option<int> Shards = new("--shards") { Description = "Number of shards.", DefaultValueFactory = _ => 41_456 };
    private static readonly Option<double> ShardMegabytes = new("--shard-mb") { Description = "Megabytes of a shard.", DefaultValueFactory = _ => 270 };
    private static readonly Option<int> ShardSamples = new("--shard-samples") { Description = "Samples of a shard.", DefaultValueFactory = _ => 9800 };
    private static readonly Option<double> Rate = new("--rate") { Description = "Samples a second that all ranks of one machine take together.", DefaultValueFactory = _ => 5000 };
    private static readonly Option<double> Bandwidth = new("--bandwidth") { Description = "Megabytes a second that a machine gets from the store.", DefaultValueFactory = _ => 1000 };
    private static readonly Option<double> Cache = new("--cache-size") { Description = "Cache of a machine, GiB, which its ranks share.", DefaultValueFactory = _ => 100 };
    private static readonly Option<double> Latency = new("--latency") { Description = "Milliseconds from a request to its first byte.", DefaultValueFactory = _ => 50 };
    private static readonly Option<int> Ranks = new("--ranks") { Description = "Ranks of a machine; each has 64 requests for samples at a time.", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> Batch = new("--batch-size") { Description = "Samples of a batch, for the measure of shuffling.", DefaultValueFactory = _ => 4096 };
    private static readonly Option<int> Epochs = new("--epochs") { Description = "Epochs; in the second the cache may have everything.", DefaultValueFactory = _ => 2 };
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    private static readonly (Option Option, double Least, double Most)[] Bounds =
    [
        (Shards, 1, 1_000_000), (ShardMegabytes, 0.001, 1e6), (ShardSamples, 1, 10_000_000), (Rate, 0.001, 1e9), (Bandwidth, 0.001, 1e9),
        (Cache, 0, 1e6), (Latency, 0, 1e6), (Ranks, 1, 10_000), (Batch, 2, 10_000_000), (Epochs, 1, 1000),
    ];

    public static Command Create()
    {
        var command = new Command(
            "simulate",
            "Reckon what a training waits for shards of the network, and measure how well they are shuffled, for several windows (data.shuffleShards). The defaults are LAION-400M on a machine of 8 GPUs.");
        foreach (var (option, _, _) in Bounds)
        {
            command.Add(option);
        }

        command.Add(Json);
        command.SetAction(result =>
        {
            Check(result);
            var rows = Windows.Where(window => window < result.GetValue(Shards)).Select(window => Row(result, window)).ToList();
            Console.Write(result.GetValue(Json) ? JsonSerializer.Serialize(rows, JsonOutput.Options) + "\n" : Table(rows));
        });
        return command;
    }

    private static void Check(ParseResult result)
    {
        var problems = Bounds.Select(bound => (bound, Value: Convert.ToDouble(result.GetValue<object>(bound.Option.Name), CultureInfo.InvariantCulture)))
            .Where(one => !(one.Value >= one.bound.Least && one.Value <= one.bound.Most))
            .Select(one => FormattableString.Invariant($"{one.bound.Option.Name} {one.Value}: must be at least {one.bound.Least} and at most {one.bound.Most}."))
            .ToList();
        if ((long)result.GetValue(Shards) * result.GetValue(ShardSamples) < result.GetValue(Batch) && problems.Count == 0)
        {
            problems.Add($"--batch-size {result.GetValue(Batch)}: the shards have fewer samples.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private static SimulatedWindow Row(ParseResult result, int window)
    {
        var shards = result.GetValue(Shards);
        var simulation = new LoadingSimulation
        {
            Shards = shards,
            ShardBytes = result.GetValue(ShardMegabytes) * 1e6,
            ShardSamples = result.GetValue(ShardSamples),
            SamplesPerSecond = result.GetValue(Rate),
            Bandwidth = result.GetValue(Bandwidth) * 1e6,
            CacheBytes = result.GetValue(Cache) * (1L << 30),
            Window = window,
            Latency = result.GetValue(Latency) / 1000,
            RequestsAtOnce = 64 * result.GetValue(Ranks),
        };
        return new SimulatedWindow(
            window == 0 ? shards : window,
            ShuffleQuality.Measure(shards, result.GetValue(ShardSamples), result.GetValue(Batch), window),
            simulation.Run(result.GetValue(Epochs)));
    }

    private static string Table(IReadOnlyList<SimulatedWindow> rows)
    {
        var text = new StringBuilder("| window, shards | shards in a batch | same shard, times a full shuffle | wait, first window | wait, whole | wait, last epoch | TB moved | requests |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (var (window, shuffle, loading) in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {window} | {shuffle.ShardsOfBatch:0.#} | {shuffle.SameShard:0.##} | {loading.FirstWindow * 100:0.0} % | {loading.WaitShare * 100:0.0} % | {loading.LastEpoch * 100:0.0} % | {loading.Bytes / 1e12:0.00} | {loading.Requests:0} |\n");
        }

        return text.ToString();
    }

    /// <summary>A window's row.</summary>
    private sealed record SimulatedWindow(int Window, ShuffleQuality Shuffle, LoadingResult Loading);
}
