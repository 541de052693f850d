using Flip.Evaluation.Metrics;

namespace Flip.Tasks.Benchmarking;

/// <summary>Medians of what rounds measured, and the interval of one by drawing the rounds again.</summary>
internal static class Medians
{
    private const int LeastForInterval = 3;

    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The 95 % interval of the median by a bootstrap over the rounds; null of fewer than three.</summary>
    public static ConfidenceInterval? Interval(IReadOnlyList<double> rounds) =>
        rounds.Count < LeastForInterval ? null : Bootstrap.Interval(new Resampled([.. rounds.Order()]));

    /// <summary>The median of sorted rounds, each as often as it was drawn.</summary>
    private sealed class Resampled(double[] sorted) : Statistic
    {
        public override int Images => sorted.Length;

        public override double Of(ReadOnlySpan<int> counts) =>
            (At(counts, (sorted.Length - 1) / 2) + At(counts, sorted.Length / 2)) / 2; // as many are drawn as there are

        private double At(ReadOnlySpan<int> counts, int place)
        {
            var round = 0;
            for (var left = place - counts[0]; left >= 0; left -= counts[round])
            {
                round++;
            }

            return sorted[round];
        }
    }
}
