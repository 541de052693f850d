using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Tasks.Captioning;
using Flip.Training;

namespace Flip.Cli.Commands.Caption;

/// <summary><c>flip caption train</c>: a captioner on the image tower of a model.</summary>
internal static class CaptionTrainCommand
{
    /// <param name="ranks">The processes that share the training.</param>
    public static Command Create(CommandRanks ranks)
    {
        var model = new Argument<string?>("model") { Description = "Model whose image tower is used: Flip's folder, run or checkpoint, or one of another library.", Arity = ArgumentArity.ZeroOrOne };
        var train = new Option<string?>("--train") { Description = "Captioned training images: shards, a folder with COCO's, Flickr's or Karpathy's files, a .csv or .jsonl list." };
        var test = new Option<string[]>("--test") { Description = "Captioned test images: captions=PATH, NAME=captions=PATH, or coco=PATH of a known data set; may be repeated." };
        var vocabulary = new Option<string?>("--vocab") { Description = "Words of the captions: a vocabulary's file or folder, or learn for one from the training captions (default: the model's)." };
        var folder = new Option<string?>("--run") { Description = "Folder of the run (default: runs/caption-TIME)." };
        var resume = new Option<string?>("--resume") { Description = "Run to continue from its newest checkpoint, exactly." };
        var json = new Option<bool>("--json") { Description = "Print the results as JSON." };
        var recipe = new RecipeOptions(
            ("towerLearningRate", "", new("--tower-rate") { Description = "Learning rate of the tower for a batch of 256 (default: 1e-5); 0 leaves it as it is." }),
            ("decoding.beams", "", new("--beams") { Description = "Captions followed at a time in tests (default: 3); 1 is greedy." }));
        var command = new Command("train", "Train a captioner: a small encoder and decoder on a model's image tower (the paper's recipe by default).")
        {
            model, train, test, vocabulary, folder, resume, DataOptions.AllowOutside, json,
        };
        recipe.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            if (ranks.All.Rank > 0)
            {
                Follow(ranks, recipe, result, json, cancellation);
                return Task.FromResult(0);
            }

            if (recipe.Describes(result))
            {
                RecipeOptions.Describe(RecipeFiles.Captioning.Describe(), result.GetValue(json));
                return Task.FromResult(0);
            }

            using var view = Consoles.Progress(result.GetValue(json));
            var outside = result.GetValue(DataOptions.AllowOutside);
            CaptionText.Report report;
            if (result.GetValue(resume) is { } resumed)
            {
                Option[] fresh = [train, test, vocabulary, folder, .. recipe.Settings];
                if ((result.GetValue(model) ?? Array.Find(fresh, option => result.GetResult(option) is { Implicit: false })?.Name) is { } other)
                {
                    throw new ConfigException($"--resume continues a run as it is; {other} belongs to a new one.");
                }

                var begun = RunFolder.Open(resumed);
                report = Finish(begun, view, () => new CaptionSession(begun, view, outside, ranks.All).Resume(cancellation));
            }
            else
            {
                var (settings, modelSettings) = recipe.Sets(result);
                var inputs = Inputs(result.GetValue(model), result.GetValue(train), result.GetValue(test) ?? [], result.GetValue(vocabulary), modelSettings);
                var config = RecipeFiles.Captioning.Overlay(new CaptionConfig(), settings);
                var run = RunFolder.Create(result.GetValue(folder) ?? RunFolder.DefaultPath("caption"), CaptionSession.Command);
                report = Finish(run, view, () => new CaptionSession(run, view, outside, ranks.All).Start(inputs, config, cancellation));
            }

            CaptionText.Print(report, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>What a rank does that is not the first: it trains; a list of settings is rank 0's.</summary>
    private static void Follow(CommandRanks ranks, RecipeOptions recipe, ParseResult result, Option<bool> json, CancellationToken cancellation)
    {
        if (!recipe.Describes(result))
        {
            using var view = Consoles.Progress(result.GetValue(json));
            CaptionSession.Follow(ranks.All, view, result.GetValue(DataOptions.AllowOutside), cancellation);
        }
    }

    private static CaptionInputs Inputs(string? model, string? train, IReadOnlyList<string> tests, string? vocabulary, IReadOnlyList<string> settings)
    {
        List<string> missing =
        [
            .. model is null ? ["Name the model whose image tower is used."] : Array.Empty<string>(),
            .. train is null ? ["--train: name the captioned training images."] : Array.Empty<string>(),
        ];
        return missing.Count > 0 ? throw new ConfigException(missing) : new CaptionInputs(model!, train!, tests, vocabulary, settings);
    }

    private static CaptionText.Report Finish(RunFolder run, ConsoleProgress view, Func<CaptionResult> train) =>
        RunEnd.Of(run, view, CaptionSession.Command, "Captioner", () => Report(run, train()));

    private static CaptionText.Report Report(RunFolder run, CaptionResult finished) =>
        new(run.Model, finished.State.Samples, finished.State.Steps, finished.State.Seconds, finished.Tests);
}
