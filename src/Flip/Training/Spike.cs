using Flip.Config;

namespace Flip.Training;

/// <summary>A step whose loss or gradient norm lies far above those before it, or is not finite.</summary>
/// <param name="Loss">Its loss.</param>
/// <param name="LossMedian">Median of the losses before; NaN where there are too few.</param>
/// <param name="LossLimit">Loss above which a step is a spike; infinite where there are too few before.</param>
/// <param name="GradientNorm">Norm of its gradient, before clipping.</param>
/// <param name="NormMedian">Median of the norms before.</param>
/// <param name="NormLimit">Norm above which a step is a spike.</param>
public sealed record Spike(double Loss, double LossMedian, double LossLimit, double GradientNorm, double NormMedian, double NormLimit);

/// <summary>What became of a spike.</summary>
/// <param name="Spike">The step's numbers.</param>
/// <param name="Action">What was done.</param>
/// <param name="At">Samples seen before the step.</param>
/// <param name="State">Where the training is now.</param>
/// <param name="BatchSize">Samples of a step.</param>
public sealed record SpikeOutcome(Spike Spike, SpikeAction Action, long At, TrainState State, int BatchSize)
{
    /// <summary>Name of the number that says what was done.</summary>
    internal const string ActionName = Prefix + "action";

    private const string Prefix = "spike/";

    /// <summary>
    /// Samples seen at the first state that knows of it: a log that is cut back to any earlier state meets the spike again. A rollback is known one step
    /// behind the checkpoint that it goes back to.
    /// </summary>
    public long KnownAt => State.Samples + (Action == SpikeAction.Rollback ? BatchSize : 0);

    /// <summary>As named numbers, for logs; <c>spike/action</c> is 0 for a spike that is logged, 1 for one that is skipped and 2 for a rollback.</summary>
    public IReadOnlyDictionary<string, double> Values() => new Dictionary<string, double>
    {
        [ActionName] = (int)Action,
        [Prefix + "atSamples"] = At,
        [Prefix + "loss"] = Spike.Loss,
        [Prefix + "lossMedian"] = Spike.LossMedian,
        [Prefix + "lossLimit"] = Spike.LossLimit,
        [Prefix + "gradientNorm"] = Spike.GradientNorm,
        [Prefix + "normMedian"] = Spike.NormMedian,
        [Prefix + "normLimit"] = Spike.NormLimit,
        [Prefix + "skippedSteps"] = State.Spikes?.SkippedSteps ?? 0,
        [Prefix + "skippedSamples"] = State.Spikes?.SkippedSamples ?? 0,
    };

}
