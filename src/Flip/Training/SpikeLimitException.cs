using Flip.Config;

namespace Flip.Training;

/// <summary>Leaving out spikes did not help: there were too many in a row.</summary>
public sealed class SpikeLimitException(Spike spike, SpikeAction action, int most, long samples) : FlipException(
    FormattableString.Invariant($"More than {most} spikes in a row, and {(action == SpikeAction.Rollback ? "going back to the last checkpoint" : "leaving out their updates")} did not help (train.spikeLimit). ")
    + FormattableString.Invariant($"The last one, at {samples:N0} samples: loss {spike.Loss:0.####} (usual {spike.LossMedian:0.####}), gradient norm {spike.GradientNorm:0.####} (usual {spike.NormMedian:0.####}). ")
    + "A lower baseLearningRate, a longer warmup or gradientClip=1 usually helps; `flip train --init` starts a new run from a checkpoint.")
{
    /// <summary>The last spike.</summary>
    public Spike Spike { get; } = spike;
}
