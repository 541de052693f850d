using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>
/// Gathers a classifier's scores batch by batch. Of each image it keeps the first five classes and the right one's rank; all scores only where the metric
/// needs them, so that 50 000 images of 1000 classes take megabytes.
/// </summary>
/// <param name="classNames">Names in the order of the labels, at least one.</param>
/// <param name="keepScores">Whether to keep all scores; see <see cref="MetricNames.NeedsScores"/>.</param>
public sealed class ClassificationAccumulator(IReadOnlyList<string> classNames, bool keepScores = false)
{
    private readonly List<Prediction> _predictions = [];

    /// <summary>Adds a batch.</summary>
    /// <param name="keys">Names of the images, each once in the data set.</param>
    /// <param name="labels">Their right classes, <c>[images][1 or more]</c>.</param>
    /// <param name="scores"><c>[images, classes]</c>, row after row.</param>
    /// <param name="ignored">See <see cref="LabelledScores.Ignored"/>.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    /// <exception cref="ConfigException">A label is no class.</exception>
    /// <exception cref="ArithmeticException">A score is not finite.</exception>
    public void Add(IReadOnlyList<string> keys, IReadOnlyList<int[]> labels, float[] scores, IReadOnlyList<int[]>? ignored = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var labelled = new LabelledScores(scores, classNames.Count, labels, keys, ignored);
        for (var image = 0; image < labelled.Images; image++)
        {
            _predictions.Add(Prediction.Of(labelled, image, keys[image], keepScores));
        }
    }

    /// <summary>What was added so far.</summary>
    /// <exception cref="ConfigException">There are no images, or two have one key.</exception>
    public ClassificationOutcome ToOutcome() => new(classNames, [.. _predictions]);
}
