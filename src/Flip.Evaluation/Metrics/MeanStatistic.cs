namespace Flip.Evaluation.Metrics;

/// <summary>The mean of several metrics of the same images; of those that are not defined it takes no account.</summary>
/// <param name="parts">The metrics, at least one.</param>
public sealed class MeanStatistic(IReadOnlyList<Statistic> parts) : Statistic
{
    /// <inheritdoc/>
    public override int Images => parts[0].Images;

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        var (sum, defined) = (0.0, 0);
        foreach (var part in parts)
        {
            var value = part.Of(counts);
            if (!double.IsNaN(value))
            {
                sum += value;
                defined++;
            }
        }

        return sum / defined;
    }
}
