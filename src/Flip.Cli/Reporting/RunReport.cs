using System.Globalization;
using Flip.Evaluation.Reports;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Cli.Reporting;

/// <summary>The report of one run: scores, curves, masks and top matches.</summary>
internal static class RunReport
{
    public static void Write(RunFolder run, TrainingResult trained)
    {
        var report = new HtmlReport($"Run {Path.GetFileName(run.Path)}");
        report.AddParagraph(string.Create(
            CultureInfo.InvariantCulture,
            $"{trained.State.Samples:N0} samples in {trained.State.Steps:N0} steps and {trained.State.Seconds:N0} seconds of training; {trained.State.BadSamples.Values.Sum()} unreadable samples replaced."));
        if (trained.Scores.Count > 0)
        {
            report.AddTable(
                ["score", "value"],
                [.. trained.Scores.Select(score => (IReadOnlyList<string>)[score.Key, score.Value.ToString("0.####", CultureInfo.InvariantCulture)])]);
        }

        ReportSections.Curves(report, [("this run", MetricLog.Read(run.Path))]);
        ReportSections.MaskedSamples(report, trained);
        if (trained.Captioned is { } captioned)
        {
            using var model = ModelFolder.Load(run.Model);
            ReportSections.TopMatches(report, model, captioned);
        }

        report.Write(run.ReportFile);
    }
}
