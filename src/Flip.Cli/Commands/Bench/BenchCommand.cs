using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Tasks.Benchmarking;

namespace Flip.Cli.Commands.Bench;

/// <summary><c>flip bench</c>: how fast training steps are on this machine; bench/README.md says what its columns mean.</summary>
internal static class BenchCommand
{
    private const string DefaultPreset = "tiny";
    private const int MostSteps = 1_000_000;
    private const int LargestDefaultBatch = 256; // the paper's batches are for clusters

    public static Command Create(CommandRanks ranks)
    {
        var masks = new Option<string>("--mask") { Description = "Mask ratios, measured in turn.", DefaultValueFactory = _ => "0,0.5,0.75" };
        var rounds = new Option<int>("--steps") { Description = "Steps measured at each ratio.", DefaultValueFactory = _ => 5 };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of Markdown." };
        var settings = new ConfigOptions(ConfigOptions.Bench);
        var command = new Command(
            "bench",
            "Time whole training steps at several mask ratios, against what this machine's matrix product reaches; with --data the reading too.")
        {
            masks, rounds, DataOptions.AllowOutside, json, BenchCommCommand.Create(ranks), BenchLossCommand.Create(ranks), BenchScalingCommand.Create(),
        };
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var (config, ratios) = (Config(settings, result), Ratios(result.GetValue(masks)!)); // before the data are read
            if (result.GetValue(rounds) is var steps and (< 1 or > MostSteps))
            {
                throw new ConfigException($"--steps {steps}: must be at least 1 and at most {MostSteps}.");
            }

            using var benchmark = config.Data.Train is null ? new StepBenchmark(config) : StepBenchmark.OfData(config, Console.Error.WriteLine, cancellation, result.GetValue(DataOptions.AllowOutside));
            var report = benchmark.Run(ratios, result.GetValue(rounds), cancellation);
            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(report, JsonOutput.Options) + "\n" : report.ToMarkdown());
            return Task.CompletedTask;
        });
        return command;
    }

    private static FlipConfig Config(ConfigOptions settings, ParseResult result)
    {
        var config = settings.Start(result) is null
            ? ConfigReader.Resolve(DefaultPreset, null, settings.Sets(result))
            : settings.Resolve(result);
        return settings.IsGiven(result, "train.batchSize") || config.Train.BatchSize <= LargestDefaultBatch
            ? config
            : config with { Train = config.Train with { BatchSize = LargestDefaultBatch } };
    }

    private static double[] Ratios(string list) =>
    [
        .. list.Split(',').Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio)
            ? ratio
            : throw new ConfigException($"--mask {list}: '{text}' is no number")),
    ];
}
