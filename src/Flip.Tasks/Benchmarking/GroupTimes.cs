namespace Flip.Tasks.Benchmarking;

/// <summary>The steps of one group of settings.</summary>
/// <param name="Settings">Which they are; the first is the setting that all are compared with.</param>
/// <param name="Steps">Their steps, by setting and round.</param>
internal sealed record GroupTimes(IReadOnlyList<int> Settings, IReadOnlyList<IReadOnlyList<TimedStep>> Steps)
{
    /// <summary>What the steps of all groups come to, by setting.</summary>
    /// <param name="groups">The groups; together they have all settings, and each has the first.</param>
    /// <param name="sizes">Pairs of a step, and pairs computed at a time, by setting.</param>
    public static IReadOnlyList<StepTime> Of(IReadOnlyList<GroupTimes> groups, IReadOnlyList<(int BatchSize, int MicroBatch)> sizes)
    {
        var first = groups.SelectMany(group => group.Steps[0]).ToList();
        var firstFlops = Flops(first, sizes[0].BatchSize);
        var times = new StepTime[sizes.Count];
        times[0] = Time(first, sizes[0], [1], firstFlops, 0);
        for (var group = 0; group < groups.Count; group++)
        {
            var (settings, steps) = (groups[group].Settings, groups[group].Steps);
            for (var lane = 1; lane < settings.Count; lane++)
            {
                var size = sizes[settings[lane]];
                var ratios = steps[lane].Zip(steps[0], (own, other) => own.Seconds / size.BatchSize / (other.Seconds / sizes[0].BatchSize));
                times[settings[lane]] = Time(steps[lane], size, [.. ratios], firstFlops, group);
            }
        }

        return times;
    }

    private static StepTime Time(
        IReadOnlyList<TimedStep> steps, (int BatchSize, int MicroBatch) size, IReadOnlyList<double> ratios, double firstFlops, int group)
    {
        var (seconds, flops) = (Medians.Of(steps.Select(step => step.Seconds)), Flops(steps, size.BatchSize));
        return new StepTime(
            size.BatchSize,
            size.MicroBatch < size.BatchSize ? size.MicroBatch : 0,
            seconds,
            steps.Min(step => step.Seconds),
            seconds / size.BatchSize,
            flops,
            Medians.Of(ratios),
            Medians.Interval(ratios),
            flops / firstFlops,
            steps.Count,
            group);
    }

    private static double Flops(IReadOnlyList<TimedStep> steps, int batchSize) => steps.Average(step => step.Flops) / batchSize;
}
