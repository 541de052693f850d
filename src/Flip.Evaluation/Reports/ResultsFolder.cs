using Flip.Config;
using Flip.Io;

namespace Flip.Evaluation.Reports;

/// <summary>
/// A folder of results: a file of predictions for each data set, <c>results.md</c>, <c>results.csv</c>, <c>report.html</c>, and last
/// <c>results.json</c>, which says that the others are whole.
/// </summary>
public static class ResultsFolder
{
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

        foreach (var set in sets)
        {
            PredictionFile.Write(PredictionFile.PathOf(folder, set.Result.Name), set.Outcome);
        }

        AtomicFile.WriteText(Path.Combine(folder, "results.md"), MarkdownResults.Of(report));
        AtomicFile.Write(Path.Combine(folder, "results.csv"), stream => CsvResults.Write(stream, report));
        EvaluationPage.Of(header, sets).Write(Path.Combine(folder, "report.html"));
        AtomicFile.WriteText(Path.Combine(folder, EvaluationReport.FileName), report.ToJson());
        return report;
    }
}
