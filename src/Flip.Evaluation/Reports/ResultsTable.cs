using System.Globalization;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;

namespace Flip.Evaluation.Reports;

/// <summary>A table of texts.</summary>
/// <param name="Headers">Heads of the columns.</param>
/// <param name="Rows">Rows, each as long as the headers.</param>
public sealed record ResultsTable(IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    private static readonly string[] Fixed = ["data set", "metric", "value", "95 % interval", "chance", "images"];

    /// <summary>One row a data set beside the publications' columns; in percent.</summary>
    /// <param name="report">The results.</param>
    /// <param name="most">Publications' columns at most.</param>
    public static ResultsTable OfMetrics(EvaluationReport report, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(report);
        var models = Models(report, reference => reference.Measure is null).Take(most).ToList();
        var hasMissing = report.Results.Any(result => result.Missing > 0);
        return new(
            [.. Fixed, .. hasMissing ? ["missing"] : Array.Empty<string>(), .. models],
            [
                .. report.Results.Select(result => (IReadOnlyList<string>)
                [
                    result.Name,
                    result.Metric.Title(),
                    Percent(result.Value),
                    result.Interval is { } interval ? $"{Percent(interval.Low)} – {Percent(interval.High)}" : string.Empty,
                    Percent(result.Chance),
                    result.Images.ToString(CultureInfo.InvariantCulture),
                    .. hasMissing ? [result.Missing.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
                    .. models.Select(model => Reference(result, model, measure: null)),
                ]),
            ]);
    }

    /// <summary>The other metrics, one a row, beside the publications' columns; in percent.</summary>
    /// <inheritdoc cref="OfMetrics"/>
    public static ResultsTable OfMeasures(EvaluationReport report, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(report);
        var models = Models(report, reference => reference.Measure is not null).Take(most).ToList();
        return new(
            ["data set", "measure", "value", .. models],
            [
                .. report.Results.SelectMany(result => result.Measures.Select(measure => (IReadOnlyList<string>)
                [
                    result.Name,
                    measure.Key,
                    Percent(measure.Value),
                    .. models.Select(model => Reference(result, model, measure.Key)),
                ])),
            ]);
    }

    /// <summary>Publications that the columns are from, in their order.</summary>
    internal static IReadOnlyList<string> Sources(EvaluationReport report) =>
    [
        .. report.Results.SelectMany(result => result.References)
            .Select(reference => $"{reference.Model}: {reference.Source}")
            .Distinct(),
    ];

    /// <summary>A share in percent with one decimal.</summary>
    internal static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>Models of references in the order in which they first occur.</summary>
    internal static List<string> Models(EvaluationReport report, Func<ReferenceResult, bool> counts) =>
        [.. report.Results.SelectMany(result => result.References).Where(counts).Select(reference => reference.Model).Distinct()];

    private static string Reference(EvaluationResult result, string model, string? measure) =>
        result.References.FirstOrDefault(reference => reference.Model == model && reference.Measure == measure) is { } found
            ? Percent(found.Value)
            : string.Empty;
}
