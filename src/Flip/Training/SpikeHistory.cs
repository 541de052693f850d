namespace Flip.Training;

/// <summary>What a training remembers of its losses and of what it left out: with it a run that goes on judges as the undisturbed one.</summary>
/// <param name="Losses">Losses of the last steps, the oldest first, all finite.</param>
/// <param name="GradientNorms">Norms of their gradients before clipping, all finite.</param>
/// <param name="SkippedSteps">Steps so far whose update was left out; they count as steps.</param>
/// <param name="SkippedSamples">Samples that rollbacks have passed over: the data's position is this far before the samples seen.</param>
/// <param name="InRow">Spikes that were left out since the training last got beyond one.</param>
/// <param name="Furthest">Samples seen behind the furthest spike.</param>
public sealed record SpikeHistory(
    IReadOnlyList<double> Losses, IReadOnlyList<double> GradientNorms, long SkippedSteps, long SkippedSamples, int InRow, long Furthest)
{
    /// <summary>Steps that a history may have.</summary>
    public const int MostSteps = 4096;

    /// <summary>Before the first step.</summary>
    public static SpikeHistory Start { get; } = new([], [], 0, 0, 0, 0);

    /// <summary>Whether a training can have it, as a stranger's file may say anything.</summary>
    /// <param name="steps">Steps of the training.</param>
    /// <param name="most">Largest number of samples.</param>
    internal bool IsValid(long steps, long most) =>
        Losses is { Count: <= MostSteps } && GradientNorms is not null && GradientNorms.Count == Losses.Count && Losses.Count <= steps
        && Losses.All(double.IsFinite) && GradientNorms.All(norm => norm is >= 0 and < double.PositiveInfinity)
        && SkippedSteps >= 0 && SkippedSteps <= steps && SkippedSamples >= 0 && SkippedSamples <= most && InRow >= 0 && Furthest >= 0 && Furthest <= most;
}
