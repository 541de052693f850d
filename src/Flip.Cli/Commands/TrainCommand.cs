using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Conversion;
using Flip.Data;
using Flip.Io;
using Flip.Progress;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Cli.Commands;

/// <summary><c>flip train</c>: pre-training with masking, new or resumed.</summary>
internal static class TrainCommand
{
    /// <param name="ranks">The processes that share the training.</param>
    public static Command Create(CommandRanks ranks)
    {
        var folder = new Option<string?>("--run") { Description = "Folder of the run (default: runs/train-TIME)." };
        var resume = new Option<string?>("--resume") { Description = "Run to continue from its newest checkpoint, exactly." };
        var initial = new Option<string?>("--init") { Description = "Model to take weights and tokenizer from, of any format; its settings too, unless --preset or --config is given." };
        var json = new Option<bool>("--json") { Description = "Print the final scores as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Train);
        var command = new Command("train", "Pre-train on image-text pairs in WebDataset shards.") { folder, resume, initial, DataOptions.AllowOutside, json };
        settings.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            using var view = Consoles.Progress(result.GetValue(json));
            if (ranks.All.Rank > 0)
            {
                TrainingSession.Follow(ranks.All, view, result.GetValue(DataOptions.AllowOutside), cancellation);
                return Task.FromResult(0);
            }

            var resumed = result.GetValue(resume);
            if (resumed is not null && (result.GetValue(folder) ?? result.GetValue(initial) ?? settings.Start(result)) is { } other)
            {
                throw new ConfigException($"--resume continues a run as it is; {other} belongs to a new one.");
            }

            var run = resumed is not null ? RunFolder.Open(resumed) : RunFolder.Create(result.GetValue(folder) ?? RunFolder.DefaultPath("train"));
            var session = new TrainingSession(run, "train", view, result.GetValue(DataOptions.AllowOutside), ranks.All);
            Finish(run, view, result.GetValue(json), () => resumed is not null
                ? session.Resume(settings.Sets(result), cancellation)
                : session.Start(Config(settings, result, result.GetValue(initial)), result.GetValue(initial), cancellation));
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>A training that begins with a model begins with its settings too, unless others are named.</summary>
    private static FlipConfig Config(ConfigOptions settings, ParseResult result, string? initial) =>
        initial is not null && settings.Start(result) is null
            ? ConfigReader.Overlay(ModelSource.ConfigOf(initial), settings.Sets(result))
            : settings.Resolve(result);

    /// <summary>Trains, and says where the results are, or how a run that was stopped goes on.</summary>
    public static void Finish(RunFolder run, IProgressView view, bool json, Func<TrainingResult> train)
    {
        try
        {
            Finish(run, train(), view, json);
        }
        catch (Exception e) when (File.Exists(run.ConfigFile) && CanGoOn(e))
        {
            view.Message($"To go on: flip train --resume {run.Path}");
            throw;
        }
    }

    /// <summary>Whether a training that was stopped by this can be continued as it is, or with less memory.</summary>
    public static bool CanGoOn(Exception e) =>
        e is OperationCanceledException or EvaluationDataException or OutOfDeviceMemoryException or (IOException and not FolderInUseException);

    /// <summary>Writes results and report, and tells where they are.</summary>
    private static void Finish(RunFolder run, TrainingResult trained, IProgressView view, bool json)
    {
        using var held = run.Lock(); // nothing is written to a run without it
        var results = RunResults.Of(trained);
        results.Write(run);
        RunReport.Write(run, trained);
        view.Message($"Model: {run.Model}");
        view.Message($"Report: {run.ReportFile}");
        if (json)
        {
            Console.WriteLine(results.ToJson());
        }
    }
}
