using Flip.Config;

namespace Flip.Optim;

/// <summary>Learning rate as a function of samples seen (paper, appendix A).</summary>
/// <param name="Kind">Shape after the warm-up.</param>
/// <param name="Peak">Rate at the end of the warm-up: the base rate × batch / 256.</param>
/// <param name="WarmupSamples">Linear rise from 0.</param>
/// <param name="TotalSamples">Samples of the whole training.</param>
/// <param name="CooldownSamples">Linear fall to 0 at the end, for a constant schedule.</param>
public sealed record LearningRateSchedule(
    ScheduleKind Kind, double Peak, long WarmupSamples, long TotalSamples, long CooldownSamples)
{
    /// <summary>The schedule of a training of <paramref name="totalSamples"/>.</summary>
    public static LearningRateSchedule Of(OptimizationConfig train, long totalSamples, long samplesPerEpoch) => new(
        train.Schedule,
        train.BaseLearningRate * train.BatchSize / 256,
        train.Warmup.ToSamples(train.BatchSize, samplesPerEpoch, totalSamples),
        totalSamples,
        train.Cooldown.ToSamples(train.BatchSize, samplesPerEpoch, totalSamples));

    /// <summary>The rate of the step that begins when <paramref name="samples"/> have been seen; the first step's is 0.</summary>
    public double At(long samples)
    {
        if (samples < WarmupSamples)
        {
            return Peak * samples / WarmupSamples;
        }

        if (samples >= TotalSamples)
        {
            return 0;
        }

        if (Kind == ScheduleKind.Cosine)
        {
            var progress = (double)(samples - WarmupSamples) / (TotalSamples - WarmupSamples);
            return Peak * 0.5 * (1 + Math.Cos(Math.PI * progress));
        }

        return Peak * Math.Min(1, (double)(TotalSamples - samples) / Math.Max(1, CooldownSamples));
    }
}
