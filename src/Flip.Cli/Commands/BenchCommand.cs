using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Benchmarking;
using Flip.Config;

namespace Flip.Cli.Commands;

/// <summary><c>flip bench</c>: how fast training steps are on this machine; bench/README.md says what its columns mean.</summary>
internal static class BenchCommand
{
    private const int LargestDefaultBatch = 256; // the paper's batches are for clusters

    public static Command Create()
    {
        var preset = new Option<string>("--preset", "-p") { Description = "Named recipe.", DefaultValueFactory = _ => "tiny" };
        var sets = new Option<string[]>("--set", "-s") { Description = "One setting; may be repeated.", HelpName = "key=value" };
        var masks = new Option<string>("--mask") { Description = "Mask ratios, measured in turn.", DefaultValueFactory = _ => "0,0.5,0.75" };
        var batch = new Option<int?>("--batch") { Description = $"Pairs in a step; the preset's without, at most {LargestDefaultBatch}." };
        var rounds = new Option<int>("--steps") { Description = "Steps measured at each ratio.", DefaultValueFactory = _ => 5 };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of Markdown." };
        (string Key, Option<string?> Option)[] shortcuts =
        [
            ("train.microBatch", new("--micro-batch") { Description = "Pairs computed at a time (GradCache)." }),
            ("train.precision", new("--precision") { Description = "auto, fp32 or bf16." }),
            ("train.threads", new("--threads") { Description = "Compute threads." }),
            ("train.device", new("--device") { Description = "cpu, cuda or cuda:N." }),
        ];
        var command = new Command(
            "bench",
            "Time whole training steps at several mask ratios on synthetic pairs, against what this machine's matrix product reaches.")
        {
            preset, sets, masks, batch, rounds, json,
        };
        foreach (var (_, option) in shortcuts)
        {
            command.Add(option);
        }

        command.SetAction((result, cancellation) =>
        {
            IEnumerable<string> settings =
            [
                .. shortcuts
                    .Where(shortcut => result.GetValue(shortcut.Option) is not null)
                    .Select(shortcut => $"{shortcut.Key}={result.GetValue(shortcut.Option)}"),
                .. result.GetValue(sets) ?? [],
            ];
            var size = result.GetValue(batch) ?? Math.Min(LargestDefaultBatch, Presets.Get(result.GetValue(preset)!).Config.Train.BatchSize);
            var config = ConfigReader.Resolve(result.GetValue(preset), null, [$"train.batchSize={size}", .. settings]);
            using var benchmark = new StepBenchmark(config);
            var report = benchmark.Run(Ratios(result.GetValue(masks)!), result.GetValue(rounds), cancellation);
            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(report, JsonOutput.Options) + "\n" : report.ToMarkdown());
            return Task.CompletedTask;
        });
        return command;
    }

    private static double[] Ratios(string list) =>
    [
        .. list.Split(',').Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio)
            ? ratio
            : throw new ConfigException($"--mask {list}: '{text}' is no number")),
    ];
}
