using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data;
using Flip.Tasks.Finetuning;
using Flip.Training;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip finetune</c>: an image tower to a classifier.</summary>
internal static class FinetuneCommand
{
    /// <param name="ranks">The processes that share the fine-tuning.</param>
    public static Command Create(CommandRanks ranks)
    {
        var options = new Options();
        var command = new Command(
            "finetune",
            "Train a model's image tower to a classifier of labelled images: a known data set (flip datasets), a folder of class folders, shards with .cls files, a list.");
        options.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            if (ranks.All.Rank > 0)
            {
                Follow(ranks, options, result, cancellation);
                return Task.FromResult(0);
            }

            var json = result.GetValue(options.Json);
            if (options.Recipe.Describes(result))
            {
                RecipeOptions.Describe(RecipeFiles.Finetuning.Describe(), json);
                return Task.FromResult(0);
            }

            using var view = Consoles.Progress(json);
            var report = result.GetValue(options.Eval) is { } classifier
                ? Evaluate(classifier, options, result, view, cancellation)
                : Train(ranks, options, result, view, cancellation);
            Print(report, json);
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>What a rank does that is not the first: it trains; measures and descriptions are rank 0's.</summary>
    private static void Follow(CommandRanks ranks, Options options, ParseResult result, CancellationToken cancellation)
    {
        if (!options.Recipe.Describes(result) && result.GetValue(options.Eval) is null)
        {
            using var view = Consoles.Progress(result.GetValue(options.Json));
            FinetuneSession.Follow(ranks.All, view, result.GetValue(DataOptions.AllowOutside), cancellation);
        }
    }

    private static Report Train(CommandRanks ranks, Options options, ParseResult result, ConsoleProgress view, CancellationToken cancellation)
    {
        var resumed = result.GetValue(options.Resume);
        var alphas = Alphas(result.GetValue(options.WiseFt));
        if (resumed is not null && options.GivenBesides(result, "--resume", "--wise-ft") is { } other)
        {
            throw new ConfigException($"--resume continues a run as it is; {other} belongs to a new one.");
        }

        if (resumed is not null)
        {
            var begun = RunFolder.Open(resumed);
            return Finish(begun, view, () => new FinetuneSession(begun, view, result.GetValue(DataOptions.AllowOutside), ranks.All).Resume(alphas, cancellation));
        }

        var (settings, modelSettings) = options.Recipe.Sets(result);
        var inputs = options.Inputs(result, alphas);
        var config = RecipeFiles.Finetuning.Overlay(FinetuneRecipes.Get(result.GetValue(options.Start)!), settings);
        var run = RunFolder.Create(result.GetValue(options.Run) ?? RunFolder.DefaultPath("finetune"), "finetune");
        return Finish(run, view, () => new FinetuneSession(run, view, result.GetValue(DataOptions.AllowOutside), ranks.All).Start(inputs, config, modelSettings, cancellation));
    }

    private static Report Finish(RunFolder run, ConsoleProgress view, Func<FinetuneResult> train) =>
        RunEnd.Of(run, view, "finetune", "Classifier", () => ReportOf(run, train()));

    private static Report ReportOf(RunFolder run, FinetuneResult finished) =>
        new(run.Model, finished.State.Samples, finished.State.Steps, finished.State.Seconds, finished.Tests, finished.WiseFt);

    private static Report Evaluate(
        string classifier, Options options, ParseResult result, ConsoleProgress view, CancellationToken cancellation)
    {
        var tests = result.GetValue(options.Test) ?? [];
        if (tests.Length == 0)
        {
            throw new ConfigException("--eval: name the images to test on by --test.");
        }

        var (settings, modelSettings) = options.Recipe.Sets(result);
        if ((options.GivenBesides(result, "--eval", "--test", "--classes", "--set", "--device") ?? (modelSettings is [var first, ..] ? first : null)) is { } other)
        {
            throw new ConfigException($"--eval measures a finished classifier as it is; {other} belongs to a new one.");
        }

        var (scores, wiseFt) = FinetuneSession.Evaluate(
            classifier,
            tests,
            result.GetValue(options.Classes),
            RecipeFiles.Finetuning.Overlay(new FinetuneConfig(), settings),
            Alphas(result.GetValue(options.WiseFt)),
            view,
            result.GetValue(DataOptions.AllowOutside),
            cancellation);
        return new Report(classifier, 0, 0, 0, scores, wiseFt);
    }

    private static List<double> Alphas(string? text)
    {
        if (text is null)
        {
            return [];
        }

        var alphas = new List<double>();
        foreach (var part in text.Split(','))
        {
            alphas.Add(double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var alpha) && alpha is >= 0 and <= 1
                ? alpha
                : throw new ConfigException($"--wise-ft {text}: expected shares of the fine-tuned weights from 0 to 1, such as 0,0.5,1."));
        }

        return alphas;
    }

    private static void Print(Report report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, JsonOutput.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("weights", "test set", "images", "top-1", "top-5", "mean per class");
        string Share(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
        var rows = report.WiseFt.SelectMany(point => point.Tests.Select(test =>
            (Weights: string.Create(CultureInfo.InvariantCulture, $"{point.Alpha:0.###} of fine-tuned"), Test: test)));
        foreach (var (weights, test) in report.Tests.Select(test => (Weights: "fine-tuned", Test: test)).Concat(rows))
        {
            table.AddRow(
                weights,
                Markup.Escape(test.Source),
                test.Images.ToString("N0", CultureInfo.InvariantCulture),
                Share(test.Top1),
                Share(test.Top5),
                Share(test.MeanPerClass));
        }

        Consoles.Output().Write(table);
    }

    /// <summary>What was done, as <c>--json</c> and <c>results.json</c> have it.</summary>
    private sealed record Report(
        string Classifier, long Samples, long Steps, double Seconds, IReadOnlyList<TestScores> Tests, IReadOnlyList<InterpolatedScores> WiseFt);

    private sealed class Options
    {
        private readonly Argument<string?> _model = new("model")
        {
            Description = "Model whose tower is tuned: Flip's folder, run or checkpoint, or one of another library.",
            Arity = ArgumentArity.ZeroOrOne,
        };

        private readonly Option<string?> _train = new("--train") { Description = "Labelled training images: NAME=PATH of a known data set, a folder of class folders, .tar shards with .cls, a .csv list." };

        public RecipeOptions Recipe { get; } = new(
            ("head", "", new("--head") { Description = "zeroShot begins as the zero-shot classifier, random from small weights." }),
            ("maskRatio", "", new("--mask") { Description = "Share of patches removed in training (default: 0)." }));

        public Option<string?> Classes { get; } = new("--classes") { Description = "Class names of your own images: a JSON list, or an object from folder to name." };

        public Option<string[]> Test { get; } = new("--test") { Description = "Labelled test images, named likewise; may be repeated." };

        public Option<string> Start { get; } = new("--recipe")
        {
            Description = $"Recipe: {string.Join(" or ", FinetuneRecipes.Names)}.",
            DefaultValueFactory = _ => "paper",
        };

        public Option<string?> Run { get; } = new("--run") { Description = "Folder of the run (default: runs/finetune-TIME)." };

        public Option<string?> Resume { get; } = new("--resume") { Description = "Run to continue from its newest checkpoint, exactly." };

        public Option<string?> Eval { get; } = new("--eval") { Description = "Measure a finished classifier (its folder or run) on --test instead." };

        public Option<string?> WiseFt { get; } = new("--wise-ft")
        {
            Description = "Measure weights between zero-shot and fine-tuned too: shares of the fine-tuned ones, such as 0,0.5,1.",
        };

        public Option<bool> Json { get; } = new("--json") { Description = "Print the results as JSON." };

        public void AddTo(Command command)
        {
            command.Add(_model);
            foreach (var option in new Option[] { _train, Test, Classes, Start, Run, Resume, Eval, WiseFt, DataOptions.AllowOutside, Json })
            {
                command.Add(option);
            }

            Recipe.AddTo(command);
        }

        /// <summary>The name of something given that belongs to a new run.</summary>
        public string? GivenBesides(ParseResult result, params string[] allowed) =>
            result.GetValue(_model) ?? new Option[] { _train, Test, Classes, Start, Run, Resume, Eval }.Concat(Recipe.Settings)
                .FirstOrDefault(option => !allowed.Contains(option.Name) && result.GetResult(option) is { Implicit: false })?.Name;

        /// <exception cref="ConfigException">Something is missing.</exception>
        public FinetuneInputs Inputs(ParseResult result, IReadOnlyList<double> alphas)
        {
            var tests = result.GetValue(Test) ?? [];
            List<string> missing =
            [
                .. result.GetValue(_model) is null ? ["Name the model whose image tower is tuned."] : Array.Empty<string>(),
                .. result.GetValue(_train) is null ? ["--train: name the labelled training images."] : Array.Empty<string>(),
                .. tests.Length == 0 ? ["--test: name labelled test images."] : Array.Empty<string>(),
            ];
            return missing.Count > 0
                ? throw new ConfigException(missing)
                : new FinetuneInputs(result.GetValue(_model)!, result.GetValue(_train)!, tests, result.GetValue(Classes), alphas);
        }
    }
}
