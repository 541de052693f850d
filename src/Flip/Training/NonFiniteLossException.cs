namespace Flip.Training;

/// <summary>The loss or gradient of a step is not a finite number; the weights were not changed by that step.</summary>
public sealed class NonFiniteLossException(long samples, double loss, double gradientNorm, string? lastCheckpoint) : Exception(
    FormattableString.Invariant($"The loss ({loss}) or gradient norm ({gradientNorm}) at {samples} samples is not finite. ")
    + (lastCheckpoint is null ? "There is no checkpoint yet. " : $"The last good checkpoint is {lastCheckpoint}. ")
    + "A lower baseLearningRate, a longer warmup or gradientClip=1 usually helps.")
{
    /// <summary>Samples seen before the step.</summary>
    public long Samples { get; } = samples;

    /// <summary>Folder of the last good checkpoint, or null.</summary>
    public string? LastCheckpoint { get; } = lastCheckpoint;
}
