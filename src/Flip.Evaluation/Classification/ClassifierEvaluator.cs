using Flip.Collectives;
using Flip.Data;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Models;

namespace Flip.Evaluation.Classification;

/// <summary>Measures a trained classifier on labelled images.</summary>
public static class ClassifierEvaluator
{
    /// <summary>Classifies all images of a set.</summary>
    /// <param name="classifier">The classifier.</param>
    /// <param name="set">The images, whose classes are the classifier's.</param>
    /// <param name="images">Reads the images of <paramref name="set"/> at the classifier's size.</param>
    /// <param name="batchSize">Images scored at a time.</param>
    /// <param name="keepScores">Whether to keep the scores of all classes; see <see cref="MetricNames.NeedsScores"/>.</param>
    /// <param name="progress">Receives the number of images done; may be null.</param>
    /// <param name="ranks">Who shares the images; all get the outcome. Null for this process alone.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ConfigException">The set has other classes than the classifier.</exception>
    /// <exception cref="EvaluationDataException">An image cannot be read.</exception>
    /// <exception cref="ArithmeticException">A score is not finite.</exception>
    public static ClassificationOutcome Classify(
        ImageClassifier classifier,
        LabelledImages set,
        ImageLoader images,
        int batchSize,
        bool keepScores = false,
        Action<long>? progress = null,
        ICommunicator? ranks = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(images);
        if (set.ClassNames.Count != classifier.Classes)
        {
            throw new ConfigException($"The test set has {set.ClassNames.Count} classes, and the classifier {classifier.Classes}.");
        }

        var outcome = new ClassificationAccumulator(set.ClassNames, keepScores);
        var done = 0;
        using var keys = set.Images.Keys().GetEnumerator();
        foreach (var scores in Score(classifier, images, batchSize, ranks ?? OneProcess.Instance, cancellation))
        {
            var count = scores.Length / classifier.Classes;
            outcome.Add(Take(keys, count), [.. Enumerable.Range(done, count).Select(image => set.Labels[image])], scores);
            done += count;
            progress?.Invoke(done);
        }

        return outcome.ToOutcome();
    }

    /// <summary>Batches of scores, <c>[count, classes]</c>.</summary>
    private static IEnumerable<float[]> Score(
        ImageClassifier classifier, ImageLoader images, int batchSize, ICommunicator ranks, CancellationToken cancellation)
    {
        SameWork.Require(ranks, $"{batchSize} images at a time", $"{images.Source.Count} images", $"{classifier.Classes} classes");
        return SharedBatches.Read(
            ranks,
            turn => OneAhead.Read(Send(classifier, images.Read(batchSize, 0, turn, cancellation)), cancellation).Select(read => read.Numbers),
            cancellation);
    }

    private static IEnumerable<(int Count, PendingResult? Scores)> Send(ImageClassifier classifier, IEnumerable<ImageBatch> batches)
    {
        foreach (var batch in batches)
        {
            yield return (batch.Size, classifier.Submit(batch.Present, batch.Size));
        }
    }

    private static List<string> Take(IEnumerator<string> keys, int count)
    {
        var taken = new List<string>(count);
        while (taken.Count < count && keys.MoveNext())
        {
            taken.Add(keys.Current);
        }

        return taken;
    }
}
