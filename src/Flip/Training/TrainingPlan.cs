using Flip.Config;
using Flip.Optim;

namespace Flip.Training;

/// <summary>A configuration's durations, once batch and epoch size are known: everything counts samples from here on.</summary>
/// <param name="TotalSamples">Samples of the training, a whole number of steps.</param>
/// <param name="BatchSize">Samples of a step.</param>
/// <param name="LearningRate">Rate by samples seen.</param>
/// <param name="ImageMask">Mask ratio by samples seen.</param>
/// <param name="LogEvery">Samples between log lines.</param>
/// <param name="CheckpointEvery">Samples between checkpoints.</param>
/// <param name="EvaluateEvery">Samples between evaluations; null for one at the end.</param>
public sealed record TrainingPlan(
    long TotalSamples,
    int BatchSize,
    LearningRateSchedule LearningRate,
    ImageMaskSchedule ImageMask,
    long LogEvery,
    long CheckpointEvery,
    long? EvaluateEvery)
{
    private const long Longest = 1_000_000_000_000_000; // far beyond any training, far below overflow

    /// <summary>The plan of a configuration for a data set of <paramref name="samplesPerEpoch"/>.</summary>
    /// <exception cref="ConfigException">Lengths that make no training of this data set.</exception>
    public static TrainingPlan Of(FlipConfig config, long samplesPerEpoch)
    {
        var train = config.Train;
        var wanted = train.Samples.ToSamples(train.BatchSize, samplesPerEpoch);
        if (wanted is < 1 or > Longest)
        {
            throw new ConfigException($"train.samples = {train.Samples}: comes to {wanted:N0} samples; expected at least one step and at most {Longest:N0}.");
        }

        var total = (wanted + train.BatchSize - 1) / train.BatchSize * train.BatchSize;
        Check(train, total, samplesPerEpoch);
        long Every(Duration duration) => Math.Max(train.BatchSize, duration.ToSamples(train.BatchSize, samplesPerEpoch, total));
        return new TrainingPlan(
            total,
            train.BatchSize,
            LearningRateSchedule.Of(train, total, samplesPerEpoch),
            ImageMaskSchedule.Of(config.Model.Image, total),
            Every(train.LogEvery),
            Every(train.CheckpointEvery),
            config.Eval.Every is { } every ? Every(every) : null);
    }

    /// <summary>Rules between lengths whose units differ, which a configuration alone cannot check.</summary>
    private static void Check(TrainConfig train, long total, long samplesPerEpoch)
    {
        var problems = new List<string>();
        if (train.BatchSize > samplesPerEpoch)
        {
            problems.Add($"train.batchSize = {train.BatchSize}: the data set has {samplesPerEpoch:N0} samples, and a pair must not be contrasted with itself.");
        }

        var warmup = train.Warmup.ToSamples(train.BatchSize, samplesPerEpoch, total);
        var cooldown = train.Schedule == ScheduleKind.ConstantCooldown ? train.Cooldown.ToSamples(train.BatchSize, samplesPerEpoch, total) : 0;
        if (warmup + cooldown > total)
        {
            problems.Add(
                $"train.warmup = {train.Warmup}: {warmup:N0} samples of warm-up{(cooldown > 0 ? $" and {cooldown:N0} of cool-down" : "")} do not fit the {total:N0} of the training; write a percentage such as 5%.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    /// <summary>True if a multiple of <paramref name="every"/> was passed between two sample counts.</summary>
    public static bool Passes(long before, long after, long every) => after / every > before / every;
}
