namespace Flip.Evaluation.Metrics;

/// <summary>
/// A share: the sum of what images reach over the sum of what they could reach. With one each it is a mean; a retrieval's texts count with the image
/// that they belong to, so that a replicate draws them together.
/// </summary>
/// <param name="reached">What each image reaches, <c>[images]</c>.</param>
/// <param name="possible">What each could reach, <c>[images]</c>; null for 1.</param>
public sealed class ShareStatistic(double[] reached, double[]? possible = null) : Statistic
{
    /// <inheritdoc/>
    public override int Images => reached.Length;

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        double sum = 0, most = 0;
        for (var image = 0; image < reached.Length; image++)
        {
            sum += counts[image] * reached[image];
            most += possible is null ? counts[image] : counts[image] * possible[image];
        }

        return sum / most;
    }
}
