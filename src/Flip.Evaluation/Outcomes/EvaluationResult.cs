using System.Globalization;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>How a model fared on one data set: a row of the table.</summary>
/// <param name="Name">The data set, as its user calls it; its file of predictions is called likewise.</param>
/// <param name="Metric">What it is scored by.</param>
/// <param name="Value">The score, between 0 and 1.</param>
/// <param name="Interval">Its bootstrap interval; null where there is none.</param>
/// <param name="Chance">What a random answer reaches.</param>
/// <param name="Images">Images scored; of questions about images, the questions.</param>
/// <param name="Missing">Images that could not be read and were left out.</param>
/// <param name="Data">Fingerprint of the images, and of the captions where they are searched.</param>
/// <param name="Measures">Other metrics by name, between 0 and 1.</param>
/// <param name="References">What publications have.</param>
/// <param name="Settings">What else the numbers depend on, by name, such as the templates.</param>
/// <param name="Notes">What a reader should know beside the number.</param>
/// <param name="ClassNames">Names in the order of the labels; null for retrieval, captions and answers.</param>
public sealed record EvaluationResult(
    string Name,
    Metric Metric,
    double Value,
    double Chance,
    int Images,
    int Missing,
    string Data,
    IReadOnlyDictionary<string, double> Measures,
    IReadOnlyList<ReferenceResult> References,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyList<string> Notes,
    ConfidenceInterval? Interval = null,
    IReadOnlyList<string>? ClassNames = null)
{
    /// <summary>Computes the row of an outcome.</summary>
    /// <param name="name">The data set.</param>
    /// <param name="metric">What it is scored by.</param>
    /// <param name="outcome">What the model made of it.</param>
    /// <param name="data">Fingerprint of the images, and of the captions where they are searched.</param>
    /// <param name="missing">Images that could not be read and were left out.</param>
    /// <param name="references">What publications have.</param>
    /// <param name="settings">What else the numbers depend on, by name.</param>
    /// <param name="samples">Replicates of the bootstrap.</param>
    /// <param name="cancellation">Stops the bootstrap.</param>
    /// <exception cref="ConfigException">The name is empty or has a control character, or the metric is not defined on the data.</exception>
    public static EvaluationResult Of(
        string name,
        Metric metric,
        EvaluationOutcome outcome,
        string data,
        int missing = 0,
        IReadOnlyList<ReferenceResult>? references = null,
        IReadOnlyDictionary<string, string>? settings = null,
        int samples = Bootstrap.DefaultSamples,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var statistic = outcome.Statistic(metric);
        var result = new EvaluationResult(
            name,
            metric,
            statistic.Value(),
            outcome.Chance(metric),
            outcome.Images.Count,
            missing,
            data,
            outcome.Measures(),
            references ?? [],
            settings ?? new Dictionary<string, string>(),
            outcome.Notes(metric),
            Bootstrap.Interval(statistic, samples, cancellation: cancellation),
            (outcome as ClassificationOutcome)?.ClassNames);
        return result.Problem() is { } problem ? throw new ConfigException(problem) : result;
    }

    /// <summary>What is wrong with it, null if nothing.</summary>
    internal string? Problem()
    {
        // It is shown on consoles, which obey such characters.
        if (Name.Length == 0 || Name.Any(char.IsControl))
        {
            return "A data set's name is empty or has a control character.";
        }

        // A reader of JSON checks members for null, not what lists hold.
        if (References.Any(item => item is null) || Notes.Any(item => item is null) || Settings.Values.Any(item => item is null)
            || ClassNames?.Any(item => item is null) == true)
        {
            return $"{Name}: null stands in a list of it.";
        }

        IEnumerable<(string Name, double Value)> shares =
        [
            (Metric.Title(), Value),
            ("chance", Chance),
            .. Interval is { } interval ? [("interval", interval.Low), ("interval", interval.High)] : Array.Empty<(string, double)>(),
            .. Measures.Select(measure => (measure.Key, measure.Value)),
            .. References.Select(reference => ($"reference of {reference.Model}", reference.Value)),
        ];
        if (shares.FirstOrDefault(share => !(share.Value >= 0 && share.Value <= Metric.Most()), ("", 0)) is { Name.Length: > 0 } odd)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Name}: {odd.Name} is {odd.Value}, not between 0 and {Metric.Most()}.");
        }

        return Images < 1 || Missing < 0 ? $"{Name}: {Images} images and {Missing} missing ones cannot be."
            : Metric.IsOfClasses() && ClassNames is not { Count: > 0 } ? $"{Name}: {Metric.Title()} needs class names."
            : null;
    }
}
