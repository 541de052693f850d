namespace Flip.Evaluation.Metrics;

/// <summary>Area under the ROC curve; NaN where all images are of one kind.</summary>
public sealed class RocAucStatistic : Statistic
{
    private readonly int[] _order; // images by rising score
    private readonly bool[] _isPositive; // in that order
    private readonly bool[] _endsTie; // in that order: the next score is higher

    /// <param name="scores">Score of each image, not NaN.</param>
    /// <param name="isPositive">Whether each image is positive.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    /// <exception cref="ArithmeticException">A score is NaN.</exception>
    public RocAucStatistic(double[] scores, bool[] isPositive)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(isPositive);
        if (scores.Length != isPositive.Length)
        {
            throw new ArgumentException($"{scores.Length} scores for {isPositive.Length} images.", nameof(scores));
        }

        if (Array.FindIndex(scores, double.IsNaN) is >= 0 and var odd)
        {
            throw new ArithmeticException($"The score of image {odd} is NaN.");
        }

        var rising = (double[])scores.Clone();
        _order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort(rising, _order);
        _isPositive = [.. _order.Select(image => isPositive[image])];
        _endsTie = [.. _order.Select((_, place) => place == rising.Length - 1 || rising[place + 1] != rising[place])];
    }

    /// <inheritdoc/>
    public override int Images => _order.Length;

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        long twice = 0, positives = 0, negatives = 0, tiedPositives = 0, tiedNegatives = 0;
        for (var place = 0; place < _order.Length; place++)
        {
            var count = counts[_order[place]];
            if (_isPositive[place])
            {
                tiedPositives += count;
            }
            else
            {
                tiedNegatives += count;
            }

            if (_endsTie[place])
            {
                twice += tiedPositives * ((2 * negatives) + tiedNegatives);
                (positives, negatives) = (positives + tiedPositives, negatives + tiedNegatives);
                (tiedPositives, tiedNegatives) = (0, 0);
            }
        }

        return positives == 0 || negatives == 0 ? double.NaN : twice / (2.0 * positives * negatives);
    }
}
