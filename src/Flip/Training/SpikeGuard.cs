using Flip.Config;

namespace Flip.Training;

/// <summary>
/// Watches the loss and the gradient norm of a training. A step is a spike when either lies above the median of the last steps by more than so many robust
/// standard deviations (1.4826 × the median distance from the median), which a few spikes among those steps hardly move. Every decision is a function of the
/// steps, so it is the same after a resume and on every rank.
/// </summary>
public sealed class SpikeGuard
{
    private const double DeviationOfNormal = 1.4826; // standard deviation of a normal distribution over its median distance from the median
    private const double LeastDeviation = 0.01; // of the median: losses that hardly move make no spike of a trifle
    private const int FewestShare = 4; // of the window: steps before which nothing is judged

    private readonly double _factor;
    private readonly int _window;
    private readonly int _most;

    private SpikeGuard(OptimizationConfig train) => (_factor, _window, _most, Action) = (train.SpikeFactor, train.SpikeWindow, train.SpikeLimit, train.SpikeAction);

    /// <summary>What is done at a spike.</summary>
    public SpikeAction Action { get; }

    /// <summary>Steps before which nothing is judged by its size.</summary>
    public int FewestSteps => Math.Max(2, _window / FewestShare);

    /// <summary>The guard of a training; null where it has none.</summary>
    /// <param name="train">Its settings.</param>
    public static SpikeGuard? Of(OptimizationConfig train)
    {
        ArgumentNullException.ThrowIfNull(train);
        return train.SpikeFactor > 0 ? new SpikeGuard(train) : null;
    }

    /// <summary>Judges a step, and remembers it.</summary>
    /// <param name="history">Of the steps before.</param>
    /// <param name="after">Samples seen behind the step.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="norm">Norm of its gradient, before clipping.</param>
    /// <param name="isWarm">Whether the warm-up of the learning rate is over: in it only numbers that are not finite are spikes.</param>
    /// <returns>The spike, or null, and the history with this step. A number that is not finite is not remembered.</returns>
    /// <exception cref="SpikeLimitException">More spikes than the limit were left out in a row.</exception>
    public (Spike? Spike, SpikeHistory History) Judge(SpikeHistory history, long after, double loss, double norm, bool isWarm)
    {
        ArgumentNullException.ThrowIfNull(history);
        var isFinite = double.IsFinite(loss) && double.IsFinite(norm);
        var judged = isWarm && history.Losses.Count >= FewestSteps;
        var (lossMedian, lossLimit) = judged ? Limit(history.Losses) : (double.NaN, double.PositiveInfinity);
        var (normMedian, normLimit) = judged ? Limit(history.GradientNorms) : (double.NaN, double.PositiveInfinity);
        var spike = !isFinite || loss > lossLimit || norm > normLimit ? new Spike(loss, lossMedian, lossLimit, norm, normMedian, normLimit) : null;
        var next = isFinite ? history with { Losses = Added(history.Losses, loss), GradientNorms = Added(history.GradientNorms, norm) } : history;
        if (spike is null)
        {
            return (null, after > next.Furthest ? next with { InRow = 0 } : next);
        }

        if (Action == SpikeAction.Log)
        {
            return (spike, next);
        }

        next = next with { InRow = next.InRow + 1, Furthest = Math.Max(next.Furthest, after) };
        return next.InRow <= _most ? (spike, next) : throw new SpikeLimitException(spike, Action, _most, after);
    }

    /// <summary>Median of some numbers, and what lies too far above it.</summary>
    internal (double Median, double Limit) Limit(IReadOnlyList<double> values)
    {
        var median = Median([.. values]);
        var deviation = DeviationOfNormal * Median([.. values.Select(value => Math.Abs(value - median))]);
        return (median, median + (_factor * Math.Max(deviation, LeastDeviation * Math.Abs(median))));
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        var half = values.Length / 2;
        return values.Length % 2 == 1 ? values[half] : (values[half - 1] / 2) + (values[half] / 2);
    }

    private List<double> Added(IReadOnlyList<double> values, double value) => [.. values.Skip(Math.Max(0, values.Count + 1 - _window)), value];
}
