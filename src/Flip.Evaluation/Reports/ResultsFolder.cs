using Flip.Evaluation.Outcomes;
using Flip.Io;

namespace Flip.Evaluation.Reports;

/// <summary>
/// A folder of results: a file of predictions for each data set, <c>results.md</c>, <c>results.csv</c>, <c>report.html</c>, and last
/// <c>results.json</c>, which says that the others are whole.
/// </summary>
public static class ResultsFolder
{
    private const string Markdown = "results.md";
    private const string Csv = "results.csv";
    private const string Page = "report.html";

    /// <summary>Refuses a folder that results cannot be written to, before the work that makes them.</summary>
    /// <param name="folder">The folder; need not be there.</param>
    /// <param name="option">What a user calls it.</param>
    /// <exception cref="IOException">It cannot be made or written to, or has folders in the places of files.</exception>
    public static void Check(string folder, string option)
    {
        OutputPlace.CheckFolder(folder, option);
        foreach (var file in (string[])[Markdown, Csv, Page, EvaluationReport.FileName])
        {
            OutputPlace.CheckFile(Path.Combine(folder, file), option);
        }
    }

    /// <summary>Writes everything.</summary>
    /// <param name="folder">Created if need be.</param>
    /// <param name="header">What was measured and how.</param>
    /// <param name="sets">The data sets in the table's order.</param>
    /// <exception cref="ConfigException">Two data sets have one name.</exception>
    public static EvaluationReport Write(string folder, EvaluationHeader header, IReadOnlyList<EvaluatedSet> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        var report = new EvaluationReport(header, [.. sets.Select(set => set.Result)]);
        if (report.Problem() is { } problem)
        {
            throw new ConfigException(problem);
        }

        var files = PredictionFile.PathsOf(folder, [.. sets.Select(set => set.Result.Name)]);
        foreach (var set in sets)
        {
            PredictionFile.Write(files[set.Result.Name], set.Outcome);
        }

        AtomicFile.WriteText(Path.Combine(folder, Markdown), MarkdownResults.Of(report));
        AtomicFile.Write(Path.Combine(folder, Csv), stream => CsvResults.Write(stream, report));
        EvaluationPage.Of(header, sets).Write(Path.Combine(folder, Page));
        AtomicFile.WriteText(Path.Combine(folder, EvaluationReport.FileName), report.ToJson());
        return report;
    }
}
