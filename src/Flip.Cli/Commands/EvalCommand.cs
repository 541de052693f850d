using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Cli.Reporting;
using Flip.Collectives;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip eval</c>: zero-shot classification and retrieval of a model.</summary>
internal static class EvalCommand
{
    private const int ReferencesShown = 4;

    private static readonly Argument<string> Model = ModelArgument.Create();

    private static readonly Option<string[]> On = new("--on")
    {
        Description = "Data sets: NAME=PATH of a known one (flip datasets lists them), NAME with --data-root, a group (robustness, classification, retrieval, all), "
            + "a description (mine.json), or your own images: a folder of class folders, .tar shards with .cls, a .csv list; captions=PATH for captioned ones.",
        AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    private static readonly Option<string?> DataRoot = new("--data-root") { Description = "Folder that has a folder for each known data set, by its name." };
    private static readonly Option<string?> Classes = new("--classes") { Description = "Class names of your own images: a JSON list, or an object from folder to name." };
    private static readonly Option<string?> Templates = new("--templates") { Description = "Prompts instead of the data sets' own: flip7, clip80, or a file with one a line, {c} for the name." };
    private static readonly Option<string?> Prompts = new("--prompts") { Description = "Prompts of each class instead of templates (CuPL): JSON, class name to a list of texts." };
    private static readonly Option<string?> Cache = new("--cache") { Description = "Folder that keeps embeddings and classifiers, so that they are made once; by default your own cache." };
    private static readonly Option<string?> Out = new("--out") { Description = "Folder for results.json, .md, .csv, report.html and each image's prediction." };
    private static readonly Option<bool> AllowMissing = new("--allow-missing") { Description = "Leave out images that cannot be read and count them; by default it is an error." };
    private static readonly Option<bool> PerClass = new("--per-class") { Description = "Print the accuracy of every class." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the scores as JSON." };
    private static readonly Option<int> Samples = new("--samples") { Description = "Bootstrap replicates of the 95 % intervals.", DefaultValueFactory = _ => Bootstrap.DefaultSamples };
    private static readonly MaskOptions Mask = new();
    private static readonly ConfigOptions Settings = new(ConfigOptions.Eval);

    /// <param name="ranks">The processes that share the work.</param>
    public static Command Create(CommandRanks ranks)
    {
        var command = new Command(
            "eval",
            "Measure a model without training it: zero-shot classification of labelled images, retrieval among captioned ones.")
        {
            Model, On, DataRoot, Classes, Templates, Prompts, Cache, Out, AllowMissing, DataOptions.AllowOutside, PerClass, Samples, Json,
        };
        Mask.AddTo(command);
        Settings.AddTo(command);
        ranks.Share(command);
        command.SetAction((result, cancellation) =>
        {
            Run(result, ranks.All, cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(ParseResult result, ICommunicator ranks, CancellationToken cancellation)
    {
        const string templates = "eval.templates=";
        var sets = Settings.Sets(result);
        if (sets.FirstOrDefault(set => set.StartsWith("eval.on=", StringComparison.Ordinal) || set.StartsWith("eval.classes=", StringComparison.Ordinal)) is { } other)
        {
            throw new ConfigException($"{other}: an evaluation names its data with --on and its classes with --classes.");
        }

        var request = new EvaluationRequest(
            result.GetValue(Model)!,
            result.GetValue(On)!,
            result.GetValue(DataRoot),
            result.GetValue(Classes),
            new PromptChoice(
                result.GetValue(Templates) ?? sets.LastOrDefault(set => set.StartsWith(templates, StringComparison.Ordinal))?[templates.Length..],
                result.GetValue(Prompts)),
            result.GetValue(Cache),
            result.GetValue(Out),
            result.GetValue(AllowMissing),
            result.GetValue(DataOptions.AllowOutside),
            result.GetValue(Samples),
            Mask.Choice(result),
            sets);
        EvaluationReport report;
        IReadOnlyList<EvaluatedSet> evaluated;
        using (var view = Consoles.Progress(result.GetValue(Json)))
        {
            (var header, evaluated) = new EvaluationRun(request, view, ranks).Run(cancellation);
            report = new EvaluationReport(header, [.. evaluated.Select(set => set.Result)]);
        }

        if (ranks.Rank > 0)
        {
            return; // rank 0 has the results
        }

        if (result.GetValue(Json))
        {
            Console.Write(result.GetValue(PerClass) ? WithClasses(report, evaluated) : report.ToJson());
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

    /// <summary>The report with the classes of each result.</summary>
    private static string WithClasses(EvaluationReport report, IReadOnlyList<EvaluatedSet> evaluated)
    {
        var json = JsonNode.Parse(report.ToJson())!;
        foreach (var (index, set) in evaluated.Index())
        {
            json["results"]![index]!["classes"] = JsonSerializer.SerializeToNode((set.Outcome as ClassificationOutcome)?.PerClass(), JsonOutput.Options);
        }

        return json.ToJsonString(JsonOutput.Options) + "\n";
    }

    private static void Print(EvaluationReport report)
    {
        var console = Consoles.Output();
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
