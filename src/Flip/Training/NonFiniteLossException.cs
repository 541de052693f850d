namespace Flip.Training;

/// <summary>A loss, a gradient or the weights are not finite; nothing of it was written to a checkpoint.</summary>
public sealed class NonFiniteLossException(long samples, string what, string? lastCheckpoint, string? setAside = null) : FlipException(
    FormattableString.Invariant($"{what} at {samples} samples is not finite. ")
    + (setAside is null ? "" : $"The checkpoint of {samples} samples leads there at once and was set aside as {setAside}. ")
    + (lastCheckpoint is null
        ? "There is no good checkpoint. "
        : $"The last good checkpoint is {lastCheckpoint}. Continuing the run makes the same steps again; `flip train --init` starts a new run from it. ")
    + "A lower baseLearningRate, a longer warmup or gradientClip=1 usually helps.")
{
    /// <summary>The loss or the norm of the gradient of a step.</summary>
    public static string Step(double loss, double gradientNorm) => FormattableString.Invariant($"The loss ({loss}) or gradient norm ({gradientNorm})");

    /// <summary>Samples seen before the step.</summary>
    public long Samples { get; } = samples;

    /// <summary>Folder of the newest checkpoint from which a step with a finite loss was made, or null.</summary>
    public string? LastCheckpoint { get; } = lastCheckpoint;

    /// <summary>Where the checkpoint lies now whose first step is not finite, or null.</summary>
    public string? SetAside { get; } = setAside;
}
