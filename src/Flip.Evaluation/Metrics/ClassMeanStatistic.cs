namespace Flip.Evaluation.Metrics;

/// <summary>Mean over classes of the share of hits among their images; classes without images are left out.</summary>
/// <param name="labels">The right classes of each image; an image counts in each of them.</param>
/// <param name="classes">Number of classes.</param>
/// <param name="isHit">Whether the prediction for each image is right.</param>
public sealed class ClassMeanStatistic(IReadOnlyList<int[]> labels, int classes, bool[] isHit) : Statistic
{
    /// <inheritdoc/>
    public override int Images => labels.Count;

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        var images = new int[classes];
        var hits = new int[classes];
        for (var image = 0; image < labels.Count; image++)
        {
            foreach (var label in labels[image])
            {
                images[label] += counts[image];
                hits[label] += isHit[image] ? counts[image] : 0;
            }
        }

        var (sum, defined) = (0.0, 0);
        for (var label = 0; label < classes; label++)
        {
            if (images[label] > 0)
            {
                sum += (double)hits[label] / images[label];
                defined++;
            }
        }

        return sum / defined;
    }
}
