using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Cli.Studies;
using Flip.Data.Layouts;
using Flip.Evaluation.Reports;
using Flip.Io;
using Flip.Storage;
using Flip.Training;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip quickstart</c>: watch FLIP train and work, on data that the program draws itself.</summary>
internal static class QuickstartCommand
{
    private static readonly string[] Headers =
        ["", "samples", "seconds", "held-out", "seen", "T→I R@1", "I→T R@1"];

    private const string Legend =
        "held-out, seen: zero-shot top-1 among all pairs of colour and background (“red circle on sand”), on pairs that no training scene shows and on pairs that some show. T→I, I→T R@1: share of captions whose image comes first among 1000 unseen scenes, and the reverse.";

    // The tuning takes a share of them, which is to be a few steps.
    private const long FewestSamples = 2000;
    private const long MostSamples = 1_000_000_000;

    public static Command Create()
    {
        var folder = new Option<string?>("--run") { Description = "Folder of the results (default: runs/quickstart-TIME)." };
        var samples = new Option<long>("--samples") { Description = $"Pairs of the masked training, at least {FewestSamples}.", DefaultValueFactory = _ => 60_000 };
        var seed = new Option<long>("--seed") { Description = "Seed of scenes and training, at least 0.", DefaultValueFactory = _ => 0 };
        var json = new Option<bool>("--json") { Description = "Print the table as JSON." };
        var command = new Command(
            "quickstart",
            "Draw a data set, train with masking, tune unmasked, compare with an unmasked run of the same time; under ten minutes on two cores.")
        {
            folder, samples, seed, json,
        };
        command.SetAction((result, cancellation) =>
        {
            var path = Path.GetFullPath(result.GetValue(folder) ?? RunFolder.DefaultPath("quickstart"));
            using var view = Consoles.Progress(result.GetValue(json));
            var study = new QuickstartStudy(path, result.GetValue(samples), result.GetValue(seed), view);
            Check(result.GetValue(samples), result.GetValue(seed), study.HasBegun() ? path : null);
            study.Run(cancellation);
            AtomicFile.WriteText(Path.Combine(path, "results.json"), JsonSerializer.Serialize(study.Rows, JsonOutput.Options) + "\n");
            var report = Path.Combine(path, "report.html");
            WriteReport(study, report);
            Print(study.Rows, result.GetValue(json));
            view.Message($"Report: {report}");
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Check(long samples, long seed, string? taken)
    {
        List<string> problems =
        [
            .. samples is < FewestSamples or > MostSamples ? [$"--samples {samples}: must be at least {FewestSamples} and at most {MostSamples}."] : Array.Empty<string>(),
            .. seed < 0 ? [$"--seed {seed}: must be at least 0."] : Array.Empty<string>(),
            .. taken is not null ? [$"--run {taken}: holds a quickstart already; name another folder, or delete it."] : Array.Empty<string>(),
        ];
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private static void Print(IReadOnlyList<QuickstartRow> rows, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonOutput.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded);
        foreach (var header in Headers)
        {
            table.AddColumn(header.Length == 0 ? new TableColumn(header) : new TableColumn(header).RightAligned());
        }

        foreach (var row in rows)
        {
            table.AddRow(Cells(row).Select(Markup.Escape).ToArray());
        }

        Consoles.Output().Write(table);
        Console.WriteLine(Legend);
    }

    private static string[] Cells(QuickstartRow row) =>
    [
        row.Name,
        row.Samples == 0 ? "" : row.Samples.ToString("N0", CultureInfo.InvariantCulture),
        row.Samples == 0 ? "" : row.Seconds.ToString("0", CultureInfo.InvariantCulture),
        .. new[] { row.HeldOut, row.Seen, row.TextToImage, row.ImageToText }.Select(share => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %"),
    ];

    private static void WriteReport(QuickstartStudy study, string path)
    {
        var report = new HtmlReport("FLIP quickstart");
        report.AddParagraph(
            "A model was trained on scenes that this program drew, with half of each image's patches removed; then tuned for a short while on whole images. The baseline saw whole images for the same time. The held-out pairs of colour and background occur in no training scene: naming them takes understanding both words. All pairs are classes.");
        report.AddParagraph(Legend);
        report.AddTable(Headers, [.. study.Rows.Select(row => (IReadOnlyList<string>)Cells(row))]);
        using var model = ModelFolder.Load(study.Tuned.Model);
        ReportSections.MaskedSamples(report, study.MaskedResult);
        report.AddHeading("Best images for captions of unseen scenes");
        ReportSections.TopMatches(report, model, CaptionedSources.Open(study.Data.Retrieval));
        report.AddHeading("Training");
        ReportSections.Curves(
            report,
            [
                ("masked", MetricLog.Read(study.Masked.Path)),
                ("tuned", MetricLog.Read(study.Tuned.Path)),
                ("unmasked", MetricLog.Read(study.Baseline.Path)),
            ]);
        report.Write(path);
    }
}
