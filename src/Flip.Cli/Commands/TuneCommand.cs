using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Conversion;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Cli.Commands;

/// <summary><c>flip tune</c>: unmasked tuning, which closes the gap between masked training and whole images (paper, section 3).</summary>
internal static class TuneCommand
{
    /// <param name="ranks">The processes that share the tuning.</param>
    public static Command Create(CommandRanks ranks)
    {
        var source = new Argument<string>("model") { Description = "Model to tune: Flip's folder, run or checkpoint, or one of another library (see flip inspect)." };
        var folder = new Option<string?>("--run") { Description = "Folder of the new run (default: runs/tune-TIME)." };
        var json = new Option<bool>("--json") { Description = "Print the final scores as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Tune);
        var command = new Command(
            "tune",
            "Tune a model without masking. Weights are loaded, optimiser state is dropped. By default it takes 15 % of the training's samples at a tenth of its rate; of a training with a batch of 4096 or more, as in the paper, a hundredth of both.")
        {
            source, folder, DataOptions.AllowOutside, json,
        };
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

            var model = result.GetValue(source)!;
            var config = ConfigReader.Overlay(TuneRecipe.After(ModelSource.ConfigOf(model)), settings.Sets(result));
            var run = RunFolder.Create(result.GetValue(folder) ?? RunFolder.DefaultPath("tune"));
            var session = new TrainingSession(run, "tune", view, result.GetValue(DataOptions.AllowOutside), ranks.All);
            TrainCommand.Finish(run, view, result.GetValue(json), () => session.Start(config, model, cancellation));
            return Task.FromResult(0);
        });
        return command;
    }
}
