using Flip.Config;
using Flip.Data.Loading;
using Flip.Data.Sources;
using Flip.Evaluation.Reports;
using Flip.Models;

namespace Flip.Evaluation.Classification;

/// <summary>What a trained classifier makes of labelled images: the numbers that all metrics follow from.</summary>
/// <param name="Scores">Scores of all classes, not normalised, <c>[images, classes]</c>, row-major.</param>
/// <param name="Labels">The right classes of each image, <c>[images][1 or more]</c>.</param>
/// <param name="ClassNames">Names in the order of the scores.</param>
public sealed record ClassifierScores(float[] Scores, IReadOnlyList<int[]> Labels, IReadOnlyList<string> ClassNames)
{
    /// <summary>Scores all images of a set.</summary>
    /// <param name="classifier">The classifier.</param>
    /// <param name="set">The images, whose classes are the classifier's.</param>
    /// <param name="images">Reads the images of <paramref name="set"/> at the classifier's size.</param>
    /// <param name="batchSize">Images scored at a time.</param>
    /// <param name="progress">Told the number of images done; may be null.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ConfigException">The set has other classes than the classifier.</exception>
    /// <exception cref="EvaluationDataException">An image cannot be read.</exception>
    /// <exception cref="ArithmeticException">A score is not finite.</exception>
    public static ClassifierScores Of(
        ImageClassifier classifier,
        LabelledImages set,
        ImageLoader images,
        int batchSize,
        Action<long>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(images);
        if (set.ClassNames.Count != classifier.Classes)
        {
            throw new ConfigException($"The test set has {set.ClassNames.Count} classes, and the classifier {classifier.Classes}.");
        }

        var scores = new float[(long)set.Images.Count * classifier.Classes];
        var done = 0;
        foreach (var batch in images.Read(batchSize, cancellation: cancellation))
        {
            classifier.Score(batch.Present, batch.Size).CopyTo(scores.AsSpan(done * classifier.Classes));
            done += batch.Size;
            progress?.Invoke(done);
        }

        return Array.Exists(scores, score => !float.IsFinite(score))
            ? throw new ArithmeticException("The classifier gave a score that is not finite: the weights are not usable.")
            : new ClassifierScores(scores, set.Labels, set.ClassNames);
    }

    /// <summary>What became of each image.</summary>
    /// <param name="keys">Names of the images.</param>
    /// <param name="keepScores">Whether to keep all scores, for metrics that need them.</param>
    public ClassificationOutcome ToOutcome(IReadOnlyList<string> keys, bool keepScores = false) =>
        ClassificationOutcome.Of(keys, Labels, ClassNames, Scores, keepScores);
}
