using CsvHelper;
using Flip.Evaluation.Outcomes;

namespace Flip.Evaluation.Reports;

/// <summary>Results as CSV (RFC 4180 with line feeds): one row a data set, shares between 0 and 1 in full.</summary>
internal static class CsvResults
{
    // A text that begins with = + - @ would be run as a formula by spreadsheets.
    private static readonly CsvWriterOptions Options = new() { NewLine = "\n", Injection = CsvInjection.Escape };

    private static readonly string[] Fixed =
        ["dataSet", "metric", "value", "intervalLow", "intervalHigh", "chance", "images", "missing"];

    public static void Write(Stream stream, EvaluationReport report)
    {
        List<string> measures = [.. report.Results.SelectMany(result => result.Measures.Keys).Distinct()];
        var models = ResultsTable.Models(report, reference => reference.Measure is null);
        using var csv = CsvWriter.Create(stream, Options, leaveOpen: true);
        csv.WriteRecord([.. Fixed, .. measures, .. models.Select(model => $"reference {model}")]);
        foreach (var result in report.Results)
        {
            csv.WriteField(result.Name);
            csv.WriteField(result.Metric.ToString());
            csv.WriteField(result.Value);
            csv.WriteField(result.Interval?.Low);
            csv.WriteField(result.Interval?.High);
            csv.WriteField(result.Chance);
            csv.WriteField(result.Images);
            csv.WriteField(result.Missing);
            foreach (var measure in measures)
            {
                csv.WriteField(result.Measures.TryGetValue(measure, out var value) ? value : (double?)null);
            }

            foreach (var model in models)
            {
                csv.WriteField(result.References.FirstOrDefault(reference => reference.Model == model && reference.Measure is null)?.Value);
            }

            csv.EndRecord();
        }
    }
}
