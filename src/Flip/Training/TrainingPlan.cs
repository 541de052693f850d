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
/// <param name="KeepEvery">Samples between checkpoints that are kept for good; null keeps none so.</param>
/// <param name="EvaluateEvery">Samples between evaluations; null for one at the end.</param>
public sealed record TrainingPlan(
    long TotalSamples,
    int BatchSize,
    LearningRateSchedule LearningRate,
    ImageMaskSchedule ImageMask,
    long LogEvery,
    long CheckpointEvery,
    long? KeepEvery,
    long? EvaluateEvery)
{
    private const long Longest = 10_000_000_000_000; // a hundred times the longest published training

    /// <summary>The plan of a pre-training for a data set of <paramref name="samplesPerEpoch"/>.</summary>
    /// <exception cref="ConfigException">Lengths that make no training of this data set.</exception>
    public static TrainingPlan Of(FlipConfig config, long samplesPerEpoch) => Of(
        config.Train, "train.", samplesPerEpoch, total => ImageMaskSchedule.Of(config.Model.Image, total), config.Eval.Every);

    /// <summary>The plan of any training for a data set of <paramref name="samplesPerEpoch"/>.</summary>
    /// <param name="train">Lengths, batch and rate.</param>
    /// <param name="group">Key of the settings' group and a dot, for messages; empty for none.</param>
    /// <param name="samplesPerEpoch">Samples of the data set.</param>
    /// <param name="imageMask">Mask ratios of a training of so many samples.</param>
    /// <param name="evaluateEvery">Distance between evaluations; null for one at the end.</param>
    /// <exception cref="ConfigException">Lengths that make no training of this data set.</exception>
    public static TrainingPlan Of(
        OptimizationConfig train, string group, long samplesPerEpoch, Func<long, ImageMaskSchedule> imageMask, Duration? evaluateEvery)
    {
        var wanted = train.Samples.ToSamples(train.BatchSize, samplesPerEpoch);
        if (wanted is < 1 or > Longest)
        {
            throw new ConfigException($"{group}samples = {train.Samples}: comes to {wanted:N0} samples; expected at least one step and at most {Longest:N0}.");
        }

        var total = (wanted + train.BatchSize - 1) / train.BatchSize * train.BatchSize;
        Check(train, group, total, samplesPerEpoch);
        long Every(Duration duration) => Math.Max(train.BatchSize, duration.ToSamples(train.BatchSize, samplesPerEpoch, total));
        return new TrainingPlan(
            total,
            train.BatchSize,
            LearningRateSchedule.Of(train, total, samplesPerEpoch),
            imageMask(total),
            Every(train.LogEvery),
            Every(train.CheckpointEvery),
            train.KeepEvery.Value > 0 ? Every(train.KeepEvery) : null,
            evaluateEvery is { } every ? Every(every) : null);
    }

    /// <summary>Rules between lengths whose units differ, which a configuration alone cannot check.</summary>
    private static void Check(OptimizationConfig train, string group, long total, long samplesPerEpoch)
    {
        var problems = new List<string>();
        if (train.BatchSize > samplesPerEpoch)
        {
            problems.Add(
                $"{group}batchSize = {train.BatchSize}: the data set has {samplesPerEpoch:N0} samples, and a step takes each at most once; take a smaller batch.");
        }

        var warmup = train.Warmup.ToSamples(train.BatchSize, samplesPerEpoch, total);
        var cooldown = train.Schedule == ScheduleKind.ConstantCooldown ? train.Cooldown.ToSamples(train.BatchSize, samplesPerEpoch, total) : 0;
        if (warmup > total - cooldown)
        {
            problems.Add(
                $"{group}warmup = {train.Warmup}: {warmup:N0} samples of warm-up{(cooldown > 0 ? $" and {cooldown:N0} of cool-down" : "")} do not fit the {total:N0} of the training; write a percentage such as 5%.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    /// <summary>True if a multiple of <paramref name="every"/> was passed between two sample counts.</summary>
    public static bool Passes(long before, long after, long every) => after / every > before / every;
}
