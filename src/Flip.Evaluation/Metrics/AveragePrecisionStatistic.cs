namespace Flip.Evaluation.Metrics;

/// <summary>Average precision of one class; NaN without images of it.</summary>
public sealed class AveragePrecisionStatistic : Statistic
{
    private const int Points = 10; // recalls 0/10 ... 10/10
    private readonly int[] _order; // images by falling score
    private readonly bool[] _isRight; // in that order
    private readonly bool[] _endsThreshold; // in that order: the next score is lower
    private readonly bool _elevenPoint;

    /// <param name="scores">Score of each image for the class, <c>[images]</c>, finite.</param>
    /// <param name="isRight">Whether each image is of the class.</param>
    /// <param name="elevenPoint">VOC2007's interpolation, not the plain sum.</param>
    /// <param name="isIgnored">Images that count neither for nor against the class; null for none.</param>
    public AveragePrecisionStatistic(float[] scores, bool[] isRight, bool elevenPoint, bool[]? isIgnored = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(isRight);
        _elevenPoint = elevenPoint;
        Images = scores.Length;
        _order = [.. Enumerable.Range(0, scores.Length).Where(image => isIgnored is null || !isIgnored[image])];
        var falling = Array.ConvertAll(_order, image => -scores[image]);
        Array.Sort(falling, _order);
        _isRight = [.. _order.Select(image => isRight[image])];
        _endsThreshold = [.. _order.Select((_, place) => place == falling.Length - 1 || falling[place + 1] != falling[place])];
    }

    /// <inheritdoc/>
    public override int Images { get; }

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        var (right, all) = (0, 0);
        for (var place = 0; place < _order.Length; place++)
        {
            var count = counts[_order[place]];
            all += count;
            right += _isRight[place] ? count : 0;
        }

        return right == 0 ? double.NaN : _elevenPoint ? Interpolated(counts, right, all) : Plain(counts, right);
    }

    private double Plain(ReadOnlySpan<int> counts, int total)
    {
        var (sum, right, all, before) = (0.0, 0, 0, 0);
        for (var place = 0; place < _order.Length; place++)
        {
            var count = counts[_order[place]];
            all += count;
            right += _isRight[place] ? count : 0;
            if (_endsThreshold[place] && right > before)
            {
                sum += (double)(right - before) / total * right / all;
                before = right;
            }
        }

        return sum;
    }

    /// <summary>From the lowest score up, so that the largest precision at this recall or a higher one is known. Recalls are compared as whole numbers: a
    /// recall of 3/10 reaches the point 0.3, whatever 0.1 + 0.2 is in floating point.</summary>
    private double Interpolated(ReadOnlySpan<int> counts, int total, int images)
    {
        var (sum, largest, point) = (0.0, 0.0, Points);
        var (right, all) = (total, images);
        for (var place = _order.Length - 1; place >= 0; place--)
        {
            if (_endsThreshold[place])
            {
                for (; (long)right * Points < (long)point * total; point--)
                {
                    sum += largest;
                }

                largest = all > 0 ? Math.Max(largest, (double)right / all) : largest;
            }

            var count = counts[_order[place]];
            all -= count;
            right -= _isRight[place] ? count : 0;
        }

        return (sum + ((point + 1) * largest)) / (Points + 1);
    }
}
