using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Flip.Cli.Benchmarking;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Devices;
using Flip.Distributed;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Commands;

/// <summary><c>flip doctor</c>: what is here, whether it computes rightly, and how fast; docs/gpu.md explains what it prints.</summary>
internal static class DoctorCommand
{
    private const string DefaultPreset = "flip-b16";
    private const int BatchOfProcessor = 16;
    private const int BatchOfGpu = 4096; // where the paper's batches begin
    private const int Steps = 3;

    public static Command Create(CommandRanks ranks)
    {
        var quick = new Option<bool>("--quick") { Description = "Leave the speed out." };
        var mask = new Option<double>("--mask") { Description = "Mask ratio of the step that is timed.", DefaultValueFactory = _ => 0.5 };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var settings = new ConfigOptions(ConfigOptions.Bench);
        var command = new Command(
            "doctor",
            "Say what this machine has, check that its device computes rightly (a golden model, every fast path against its slow twin, a hundred steps), and time a step of flip-b16.")
        {
            quick, mask, json,
        };
        settings.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            var ratio = result.GetValue(mask);
            if (ratio is not (>= 0 and < 1))
            {
                throw new ConfigException(FormattableString.Invariant($"--mask {ratio}: must be at least 0 and less than 1."));
            }

            var report = new DoctorReport(MachineFacts.Find());
            var view = new DoctorView(result.GetValue(json) ? TextWriter.Null : Console.Out);
            view.Show(report.Machine);
            try
            {
                Examine(report, view, Config(settings, result), result.GetValue(quick) ? null : ratio, cancellation);
            }
            catch (Exception e) when (e is FlipException or ExternalException or OutOfMemoryException)
            {
                report.Problem ??= e.Message.Split('\n')[0].TrimEnd();
            }

            if (ranks is { All: RankCommunicator all, Launch: { } launch })
            {
                report.Ranks = DoctorRanks.Examine(all, launch.Launcher, report, view, cancellation);
            }

            view.End(report);
            if (result.GetValue(json))
            {
                Console.Out.Write(JsonSerializer.Serialize(report, JsonOutput.Options) + "\n");
            }

            return Task.FromResult(report.Problem is null ? 0 : 1);
        });
        return command;
    }

    private static void Examine(DoctorReport report, DoctorView view, FlipConfig config, double? mask, CancellationToken cancellation)
    {
        Compute.UseThreads(config.Train);
        var compute = Compute.Of(config.Train);
        (report.Device, report.Precision) = (compute.Device.ToString(), compute.Precision);
        report.Kernels = ChosenKernels.Of(compute);
        view.ShowDevice(report);
        foreach (var check in new SelfTest(compute.Device).Run(cancellation))
        {
            report.SelfTest.Add(check);
            view.Show(check);
            report.Problem ??= check.Passed ? null : $"{check.Name}: {check.Problem}";
        }

        if (mask is { } ratio)
        {
            report.HostToDevice = CopyRate.Measure(compute.Device);
            view.ShowCopies(report.HostToDevice);
            view.Say($"Timing steps of {config.Train.BatchSize} pairs.");
            using var benchmark = new StepBenchmark(config);
            report.Step = benchmark.Run([ratio], Steps, cancellation);
            view.Show(report.Step);
        }
    }

    private static FlipConfig Config(ConfigOptions settings, ParseResult result)
    {
        var config = settings.Start(result) is null
            ? ConfigReader.Resolve(DefaultPreset, null, settings.Sets(result))
            : settings.Resolve(result);
        var batch = settings.IsGiven(result, "train.batchSize") ? config.Train.BatchSize
            : Compute.Of(config.Train).Device.type == TorchSharp.DeviceType.CUDA ? BatchOfGpu
            : BatchOfProcessor;
        return config with { Train = config.Train with { BatchSize = batch, MicroBatch = settings.IsGiven(result, "train.microBatch") ? config.Train.MicroBatch : 0 } };
    }
}
