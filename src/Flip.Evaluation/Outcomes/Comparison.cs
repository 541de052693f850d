using System.Globalization;
using Flip.Data;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>Two evaluations, image by image.</summary>
/// <param name="Sets">Data sets of both.</param>
/// <param name="Refused">Data sets of both that cannot be paired, and why.</param>
/// <param name="Warnings">What a reader should know.</param>
public sealed record Comparison(IReadOnlyList<SetComparison> Sets, IReadOnlyList<string> Refused, IReadOnlyList<string> Warnings)
{
    /// <summary>Values of results are sums of the predictions in another order at most.</summary>
    private const double Rounding = 1e-9;

    /// <summary>Compares the data sets that both have, pairing images by their keys.</summary>
    /// <param name="a">A folder of results, or its <c>results.json</c>.</param>
    /// <param name="b">Another.</param>
    /// <param name="samples">Replicates of the bootstrap.</param>
    /// <param name="compared">Receives how many data sets are done, and of how many, at first and after each.</param>
    /// <param name="cancellation">Stops the bootstrap.</param>
    /// <exception cref="InvalidDataException">A file is no result, or its predictions do not give its values.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="ConfigException">No data set is in both.</exception>
    public static Comparison Of(
        string a, string b, int samples = Bootstrap.DefaultSamples, Action<int, int>? compared = null, CancellationToken cancellation = default)
    {
        var (first, second) = (EvaluationReport.Read(a), EvaluationReport.Read(b));
        var inSecond = second.Results.ToDictionary(result => result.Name, UnicodeName.Comparer);
        var common = first.Results.Where(result => inSecond.ContainsKey(result.Name)).ToList();
        if (common.Count == 0)
        {
            throw new ConfigException($"No data set is in both: {Names(first)} in {a}, {Names(second)} in {b}.");
        }

        compared?.Invoke(0, common.Count);
        var sets = new List<SetComparison>();
        var refused = new List<string>();
        foreach (var (index, result) in common.Index())
        {
            var (left, right) = (result, inSecond[result.Name]);
            var problem = Problem(left, right);
            if (problem is null)
            {
                var (imagesA, imagesB) = Paired(Images(a, first, left), Images(b, second, right));
                problem = Problem(imagesA, imagesB);
                if (problem is null)
                {
                    sets.Add(Compare(left, imagesA, right, imagesB, samples, cancellation));
                }
            }

            refused.AddRange(problem is null ? [] : [$"{result.Name}: {problem}"]);
            compared?.Invoke(index + 1, common.Count);
        }

        return new(sets, refused, Warn(first, second, [.. common.Select(result => result.Name)]));
    }

    private static List<string> Warn(EvaluationReport a, EvaluationReport b, IReadOnlyList<string> common) =>
    [
        .. a.Header.Weights == b.Header.Weights ? [$"Both are of the same weights ({a.Header.Weights})."] : Array.Empty<string>(),
        .. Alone(a, common, "A"),
        .. Alone(b, common, "B"),
    ];

    private static IEnumerable<string> Alone(EvaluationReport report, IReadOnlyList<string> common, string name) =>
        report.Results.Where(result => !common.Contains(result.Name, UnicodeName.Comparer)).Select(result => $"{result.Name} is in {name} alone.");

    private static string Names(EvaluationReport report) => string.Join(", ", report.Results.Select(result => result.Name));

    private static string? Problem(EvaluationResult a, EvaluationResult b) =>
        a.Metric != b.Metric ? $"A is scored by {a.Metric.Title()}, B by {b.Metric.Title()}."
        : a.Data != b.Data ? $"the images differ: their fingerprints are {a.Data} and {b.Data}."
        : a.ClassNames?.Count != b.ClassNames?.Count ? $"A has {a.ClassNames?.Count ?? 0} classes, B {b.ClassNames?.Count ?? 0}."
        : null;

    private static string? Problem(List<IPrediction> a, List<IPrediction> b)
    {
        var keysOfA = a.Select(image => image.Key).ToHashSet(UnicodeName.Comparer);
        var keysOfB = b.Select(image => image.Key).ToHashSet(UnicodeName.Comparer);
        if ((a.FirstOrDefault(image => !keysOfB.Contains(image.Key)) ?? b.FirstOrDefault(image => !keysOfA.Contains(image.Key))) is { } lonely)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the images differ: {a.Count} in A and {b.Count} in B, '{lonely.Key}' in {(keysOfA.Contains(lonely.Key) ? "A" : "B")} alone.");
        }

        return a.Count != b.Count ? string.Create(CultureInfo.InvariantCulture, $"the images differ: {a.Count} in A and {b.Count} in B.")
            : a.Zip(b).FirstOrDefault(pair => !pair.First.HasAnswersOf(pair.Second)).First is { } other
            ? $"the labels differ, first those of '{other.Key}'."
            : null;
    }

    private static SetComparison Compare(
        EvaluationResult a,
        List<IPrediction> imagesA,
        EvaluationResult b,
        List<IPrediction> imagesB,
        int samples,
        CancellationToken cancellation)
    {
        var (statisticA, statisticB) = (Outcome(a, imagesA).Statistic(a.Metric), Outcome(b, imagesB).Statistic(b.Metric));
        var pairs = imagesA.Zip(imagesB).ToList();
        return new(
            a.Name,
            a.Metric,
            a.Value,
            b.Value,
            Bootstrap.Difference(statisticA, statisticB, samples, cancellation: cancellation),
            pairs.Count,
            pairs.Count(pair => pair.First.IsHit && !pair.Second.IsHit),
            pairs.Count(pair => pair.Second.IsHit && !pair.First.IsHit));
    }

    /// <summary>Both in the order of their keys; of keys that look the same, where as written they are others.</summary>
    private static (List<IPrediction> A, List<IPrediction> B) Paired(IReadOnlyList<IPrediction> a, IReadOnlyList<IPrediction> b)
    {
        var isSame = a.Select(image => image.Key).ToHashSet(StringComparer.Ordinal).SetEquals(b.Select(image => image.Key));
        return (Ordered(a), Ordered(b));

        List<IPrediction> Ordered(IReadOnlyList<IPrediction> images) =>
            [.. images.OrderBy(image => isSame ? image.Key : UnicodeName.Composed(image.Key), StringComparer.Ordinal).ThenBy(image => image.Key, StringComparer.Ordinal)];
    }

    /// <summary>The images of a result.</summary>
    private static IReadOnlyList<IPrediction> Images(string place, EvaluationReport report, EvaluationResult result)
    {
        var folder = Directory.Exists(place) ? place : Path.GetDirectoryName(Path.GetFullPath(place))!;
        var path = PredictionFile.PathsOf(folder, [.. report.Results.Select(one => one.Name)])[result.Name];
        EvaluationOutcome outcome = result switch
        {
            { ClassNames: { } names } => PredictionFile.ReadClassification(path, names),
            { Metric: Metric.CiderD } => PredictionFile.ReadCaptions(path),
            { Metric: Metric.VqaAccuracy } => PredictionFile.ReadAnswers(path),
            _ => PredictionFile.ReadRetrieval(path),
        };
        var value = Value(path, result.Metric, outcome);
        return outcome.Images.Count == result.Images && Math.Abs(value - result.Value) <= Rounding
            ? outcome.Images
            : throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {outcome.Images.Count} images give {value}, but the report has {result.Value} of {result.Images}."));
    }

    private static double Value(string path, Metric metric, EvaluationOutcome outcome)
    {
        try
        {
            return outcome.Statistic(metric).Value();
        }
        catch (ConfigException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}");
        }
    }

    private static EvaluationOutcome Outcome(EvaluationResult result, List<IPrediction> images) => result switch
    {
        { ClassNames: { } names } => new ClassificationOutcome(names, [.. images.Cast<Prediction>()]),
        { Metric: Metric.CiderD } => new CaptionOutcome([.. images.Cast<CaptionPrediction>()]),
        { Metric: Metric.VqaAccuracy } => new AnswerOutcome([.. images.Cast<AnswerPrediction>()]),
        _ => new RetrievalOutcome([.. images.Cast<RetrievalPrediction>()]),
    };
}
