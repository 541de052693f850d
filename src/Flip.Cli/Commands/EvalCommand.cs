using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Cli.Runs;
using Flip.Config;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Reports;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Training;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip eval</c>: zero-shot classification and retrieval of a model.</summary>
internal static class EvalCommand
{
    private const int ReferencesShown = 4;
    private const int FileWidth = 180; // columns of a file; the 80 that are assumed of one would break the rows

    private static readonly Argument<string> Model = ModelArgument.Create();

    private static readonly Option<string[]> On = new("--on")
    {
        Description = "Data sets: NAME=PATH of a known one (flip datasets lists them), NAME with --data-root, a group (robustness, classification, retrieval, all), "
            + "a description (mine.json), or your own images: a folder of class folders, .tar shards with .cls, a .csv list.",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> DataRoot = new("--data-root") { Description = "Folder that has a folder for each known data set, by its name." };
    private static readonly Option<string?> Classes = new("--classes") { Description = "Class names of your own images: a JSON list, or an object from folder to name." };
    private static readonly Option<string?> Prompts = new("--prompts") { Description = "Prompts of each class instead of templates (CuPL): JSON, class name to a list of texts." };
    private static readonly Option<string?> Cache = new("--cache") { Description = "Folder that keeps embeddings and classifiers, so that they are made once; the user's own cache without." };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder for results.json, .md, .csv, report.html and each image's prediction." };
    private static readonly Option<bool> AllowMissing = new("--allow-missing") { Description = "Leave out images that cannot be read and count them; it is an error without." };
    private static readonly Option<bool> PerClass = new("--per-class") { Description = "Print the accuracy of every class." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the scores as JSON." };
    private static readonly Option<int> Samples = new("--samples") { Description = "Bootstrap replicates of the 95 % intervals.", DefaultValueFactory = _ => Bootstrap.DefaultSamples };
    private static readonly MaskOptions Mask = new();
    private static readonly ConfigOptions Settings = new(ConfigOptions.Eval);

    public static Command Create()
    {
        var command = new Command(
            "eval",
            "Measure a model without training it: zero-shot classification and retrieval on data sets (--on), or on shards (--zero-shot, --retrieval). "
            + "What its training was evaluated on is not opened unasked.")
        {
            Model, On, DataRoot, Classes, Prompts, Cache, Out, AllowMissing, PerClass, Samples, Json,
        };
        Mask.AddTo(command);
        Settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            if (result.GetValue(On) is { Length: > 0 })
            {
                RunOnDataSets(result, cancellation);
            }
            else
            {
                RunOnShards(result, cancellation);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void RunOnDataSets(ParseResult result, CancellationToken cancellation)
    {
        const string Templates = "eval.templates=";
        var sets = Settings.Sets(result);
        if (sets.FirstOrDefault(set => set.StartsWith("eval.zeroShot=", StringComparison.Ordinal) || set.StartsWith("eval.retrieval=", StringComparison.Ordinal)) is { } other)
        {
            throw new ConfigException($"{other}: name all data with --on, or without it all with --zero-shot and --retrieval.");
        }

        var request = new EvaluationRequest(
            result.GetValue(Model)!,
            result.GetValue(On)!,
            result.GetValue(DataRoot),
            result.GetValue(Classes),
            sets.LastOrDefault(set => set.StartsWith(Templates, StringComparison.Ordinal))?[Templates.Length..],
            result.GetValue(Prompts),
            result.GetValue(Cache) ?? CacheFolder.Default,
            result.GetValue(Out),
            result.GetValue(AllowMissing),
            result.GetValue(Samples),
            Mask.Choice(result),
            sets);
        EvaluationReport report;
        IReadOnlyList<EvaluatedSet> evaluated;
        using (var view = Consoles.Progress(result.GetValue(Json)))
        {
            (var header, evaluated) = new EvaluationRun(request, view).Run(cancellation);
            report = new EvaluationReport(header, [.. evaluated.Select(set => set.Result)]);
        }

        if (result.GetValue(Json))
        {
            Console.Write(report.ToJson());
            return;
        }

        Print(report);
        foreach (var set in result.GetValue(PerClass) ? evaluated : [])
        {
            PrintClasses((set.Outcome as ClassificationOutcome)?.PerClass());
        }

        if (request.Out is { } folder)
        {
            Consoles.Output().WriteLine($"Written to {folder}: results.json, results.md, results.csv, report.html, predictions.");
        }
    }

    private static void RunOnShards(ParseResult result, CancellationToken cancellation)
    {
        Option[] needOn = [DataRoot, Classes, Prompts, Cache, Out, AllowMissing];
        if (needOn.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } alone)
        {
            throw new ConfigException($"{alone.Name}: is for data sets that are named with --on.");
        }

        var choice = Mask.Choice(result);
        using var loaded = ModelArgument.Load(result.GetValue(Model)!, stored => Asked(stored, Settings.Sets(result)));

        // Made anew for each evaluation, so that its masks do not depend on the others that run.
        var (scores, classes, notes) = Evaluate(loaded, () => choice.Encoder(loaded), cancellation);
        Print(scores, result.GetValue(PerClass) ? classes : null, notes, result.GetValue(Json));
    }

    /// <summary>A model's configuration with the settings given, which name the data.</summary>
    private static FlipConfig Asked(FlipConfig stored, IReadOnlyList<string> sets)
    {
        var asked = ConfigReader.Overlay(stored, sets);
        return asked.Eval is { ZeroShot: null, Retrieval: null }
            ? throw new ConfigException("Nothing to evaluate on: name data sets with --on, or shards with --zero-shot and --eval-class-names, or --retrieval.")
            : asked;
    }

    private static (Dictionary<string, double> Scores, IReadOnlyList<ClassScore>? Classes, IReadOnlyList<string> Notes) Evaluate(
        LoadedModel loaded, Func<InferenceEncoder> encoder, CancellationToken cancellation)
    {
        encoder(); // an impossible mask is refused before the data is read
        var scores = new Dictionary<string, double>();
        IReadOnlyList<ClassScore>? classes = null;
        IReadOnlyList<string> notes = [];
        foreach (var evaluator in Evaluators.Of(loaded.Config, loaded.Tokenizer, Console.Error.WriteLine))
        {
            IReadOnlyDictionary<string, double> measured;
            if (evaluator is ZeroShotEvaluator zeroShot)
            {
                var classified = zeroShot.Classify(encoder(), cancellation);
                (measured, classes) = (zeroShot.Scores(classified), classified.PerClass());
                notes = zeroShot.Notes(loaded.Config.Model.Text.Length);
            }
            else
            {
                measured = evaluator.Evaluate(encoder(), cancellation);
            }

            foreach (var (name, value) in measured)
            {
                scores[name] = value;
            }
        }

        return (scores, classes, notes);
    }

    private static void Print(Dictionary<string, double> scores, IReadOnlyList<ClassScore>? classes, IReadOnlyList<string> notes, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { scores, classes, notes }, JsonOutput.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn("score").AddColumn(new TableColumn("value").RightAligned());
        foreach (var (name, value) in scores)
        {
            table.AddRow(Markup.Escape(name), value.ToString("0.####", CultureInfo.InvariantCulture));
        }

        Consoles.Output().Write(table);
        PrintClasses(classes);
        foreach (var note in notes)
        {
            Console.WriteLine(note);
        }
    }

    private static void Print(EvaluationReport report)
    {
        var console = Consoles.Output();
        if (!console.Profile.Out.IsTerminal)
        {
            console.Profile.Width = FileWidth;
        }

        console.Write(TableOf(ResultsTable.OfMetrics(report, ReferencesShown)));
        console.Write(TableOf(ResultsTable.OfMeasures(report, ReferencesShown)));
        foreach (var (name, note) in report.Results.SelectMany(result => result.Notes, (result, note) => (result.Name, note)))
        {
            console.WriteLine($"{name}: {note}");
        }
    }

    private static Table TableOf(ResultsTable results)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var (column, header) in results.Headers.Index())
        {
            table.AddColumn(column < 2 ? new TableColumn(Markup.Escape(header)) : new TableColumn(Markup.Escape(header)).RightAligned());
        }

        foreach (var row in results.Rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    private static void PrintClasses(IReadOnlyList<ClassScore>? classes)
    {
        if (classes is null)
        {
            return;
        }

        var byClass = new Table().Border(TableBorder.Simple).AddColumns("class", "images", "accuracy");
        foreach (var score in classes.OrderByDescending(c => c.Accuracy))
        {
            byClass.AddRow(
                Markup.Escape(score.Name),
                score.Images.ToString(CultureInfo.InvariantCulture),
                score.Accuracy?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-");
        }

        Consoles.Output().Write(byClass);
    }
}
