using System.Globalization;
using Flip.Evaluation.Reports;
using Flip.Tasks.Studies;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Cli.Reporting;

/// <summary>A study's page: tables, accuracy against time and operations, bars, curves.</summary>
internal static class StudyPage
{
    private const int CurvesShown = 12;
    private const int MasksShown = 12;
    private const int PairsShown = 4;

    /// <summary>Writes the page.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="study">Its outcome.</param>
    /// <param name="store">Its runs.</param>
    /// <param name="data">What they are trained on.</param>
    /// <param name="path">The file.</param>
    public static void Write(StudyPlan plan, StudyResult study, CellStore store, StudyData data, string path)
    {
        var report = new HtmlReport(study.Title);
        foreach (var sentence in StudyText.Sentences(study))
        {
            report.AddParagraph(sentence);
        }

        var (headers, rows) = StudyText.Table(study);
        report.AddTable(headers, rows);
        report.AddBars("Scores, per cent", [.. study.Rows.Where(row => row.Score is not null).Select(row => new ReportBar(string.Join(", ", row.Values), row.Score!.Mean, Interval(row.Score)))]);
        if (study.SpeedUps.Count > 0)
        {
            report.AddHeading("Time to equal accuracy");
            report.AddParagraph(string.Join('\n', StudyText.SpeedUps(study)));
        }

        report.AddHeading("Accuracy against cost");
        report.AddChart("Score against seconds", "seconds", "score, %", Lines(plan, study, row => row.Seconds ?? row.RunSeconds), logarithmicX: true);
        report.AddChart("Score against operations", "operations", "score, %", Lines(plan, study, row => row.Flops), logarithmicX: true);
        var (otherHeaders, others) = StudyText.Others(study);
        if (others.Count > 0)
        {
            report.AddHeading("All scores, per cent");
            report.AddTable(otherHeaders, others);
        }

        report.AddHeading("Training");
        var trained = plan.Cells.Where(cell => cell.Seed == 0 && store.Result(cell) is not null).ToList();
        ReportSections.Curves(report, [.. trained.DistinctBy(cell => store.Last(cell).Path).Take(CurvesShown).Select(cell => (string.Join(", ", cell.Values), MetricLog.Read(store.Last(cell).Path)))]);

        // A cell that came from elsewhere as its results alone has no words of its own.
        foreach (var cell in trained.Where(cell => Directory.Exists(store.Training(cell).Tokenizer)).DistinctBy(cell => (cell.Training.Model.Image.MaskKind, cell.Training.Model.Image.MaskRatio, cell.Training.Model.Image.ImageSize, cell.Training.Model.Image.PatchSize)).Take(MasksShown))
        {
            using var pairs = data.Of(cell.Training).FirstPairs(cell.Training, TokenizerFactory.Load(store.Training(cell).Tokenizer), PairsShown, CancellationToken.None);
            ReportSections.MaskedSamples(report, cell.Training, pairs);
        }

        report.Write(path);
    }

    /// <summary>A line for each setting, its points the lengths of training; without an axis of lengths each setting is a point.</summary>
    private static List<ChartSeries> Lines(StudyPlan plan, StudyResult study, Func<StudyRow, double> cost)
    {
        var length = plan.Study.Axes.Select(axis => axis.Name).ToList().IndexOf(plan.Study.LengthAxis ?? "");
        return
        [
            .. study.Rows.Where(row => row.Score is not null).GroupBy(row => string.Join(", ", row.Values.Where((_, axis) => axis != length)))
                .Select(line => Line(line.Key, [.. line.OrderBy(cost)])),
        ];

        ChartSeries Line(string name, List<StudyRow> points) => new(name, [.. points.Select(cost)], [.. points.Select(row => 100 * row.Score!.Mean)]);
    }

    private static string Interval(Spread score) =>
        score.Deviation is { } deviation ? string.Create(CultureInfo.InvariantCulture, $"± {100 * deviation:0.0} over {score.Count} seeds") : "one seed";
}
