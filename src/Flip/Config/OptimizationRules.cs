using System.Text.RegularExpressions;

namespace Flip.Config;

/// <summary>What the settings that every training has ask of each other.</summary>
internal static partial class OptimizationRules
{
    /// <summary>The rules for the part of a configuration that holds those settings.</summary>
    /// <param name="catalog">All settings of the configuration.</param>
    /// <param name="group">Key of the part and a dot; empty where the configuration is the part.</param>
    /// <param name="part">The part.</param>
    public static IEnumerable<SettingRule<TConfig>> Of<TConfig>(SettingCatalog catalog, string group, Func<TConfig, OptimizationConfig> part)
        where TConfig : class
    {
        var (samples, batch, warmup) = (group + "samples", group + "batchSize", group + "warmup");
        string? Unless(bool kept, TConfig config, string demand, string otherKey) => kept ? null : $"{demand} {catalog.Shown(otherKey, config)}";
        SettingRule<TConfig> AboveZero(string key, Func<OptimizationConfig, Duration> duration) =>
            new([group + key], c => duration(part(c)).Value > 0 ? null : "must be above 0");

        yield return new([group + "microBatch", batch], c => Unless(part(c).MicroBatch <= part(c).BatchSize, c, "must be at most", batch));
        yield return new(
            [samples], c => part(c).Samples.Unit == DurationUnit.Percent ? "is the whole itself, so it cannot be a percentage" : null);
        yield return new(
            [samples, batch],
            c => Unless(
                part(c).Samples.Unit is DurationUnit.Percent or DurationUnit.Epochs || InSamples(part(c).Samples, part(c)) >= part(c).BatchSize,
                c, "must be at least one step of", batch));
        yield return AboveZero("samples", c => c.Samples);
        yield return AboveZero("checkpointEvery", c => c.CheckpointEvery);
        yield return AboveZero("logEvery", c => c.LogEvery);
        yield return new(
            [warmup, samples, batch], c => Unless(ShareOfTraining(part(c).Warmup, part(c)) is not > 1, c, "must be no longer than", samples));
        yield return new(
            [warmup, group + "cooldown", group + "schedule", samples, batch],
            c => Unless(RiseAndFallFit(part(c)), c, $"must fit in {samples} together with", group + "cooldown"));
        yield return new([group + "device"], c => DeviceName().IsMatch(part(c).Device) ? null : "must be auto, cpu, cuda or cuda:N");
    }

    private static bool RiseAndFallFit(OptimizationConfig c) =>
        c.Schedule != ScheduleKind.ConstantCooldown || ShareOfTraining(c.Warmup, c) is > 1
            || !(ShareOfTraining(c.Warmup, c) + ShareOfTraining(c.Cooldown, c) > 1 + 1e-9);

    private static double InSamples(Duration duration, OptimizationConfig c) =>
        duration.Unit == DurationUnit.Steps ? duration.Value * c.BatchSize : duration.Value;

    /// <summary>The share of the training that a duration takes; null where the size of an epoch decides.</summary>
    private static double? ShareOfTraining(Duration duration, OptimizationConfig c)
    {
        var whole = c.Samples;
        return duration.Unit == DurationUnit.Percent ? duration.Value / 100
            : whole.Unit == DurationUnit.Percent ? null
            : duration.Unit == whole.Unit ? duration.Value / whole.Value
            : duration.Unit == DurationUnit.Epochs || whole.Unit == DurationUnit.Epochs ? null
            : InSamples(duration, c) / InSamples(whole, c);
    }

    [GeneratedRegex(@"\A(auto|cpu|cuda(:[0-9]{1,3})?)\z")]
    private static partial Regex DeviceName();
}
