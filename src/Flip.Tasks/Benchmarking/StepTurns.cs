using Flip.Config;
using Flip.Devices;
using Flip.Training;
using TorchSharp;

namespace Flip.Tasks.Benchmarking;

/// <summary>
/// Times whole training steps of settings of any kind (mask, batch, text mask, loss, sizes) against the first of them. The settings take turns
/// (A B C A B C ...) in one process, so that other work on the machine slows all of them, and each round has its own ratio. Settings that differ in masks,
/// batch or data alone share one model: time does not depend on the weights. They are not changed, since the rate is 0.
/// <para>Pairs are read in the background while steps of all settings are made. So where reading is slower than computing, a time is below a training's.</para>
/// </summary>
public static class StepTurns
{
    private const double ShareOfProcessor = 0.75; // a training takes half, and a second model is beside it here
    private const double ShareOfGpu = 0.95;

    /// <summary>Warms up and measures.</summary>
    /// <param name="settings">The settings, one or more; what the others are compared with is the first. A mask that moves during the training is measured at the mean of
    /// its ends.</param>
    /// <param name="options">Rounds, time and pairs; null for five rounds of random pairs.</param>
    /// <param name="cancellation">Stops before the next step.</param>
    /// <returns>The times in the settings' order.</returns>
    /// <exception cref="ConfigException">Settings on several devices or numbers of threads, or one that does not fit in memory beside the first.</exception>
    /// <exception cref="NonFiniteLossException">A loss is not finite, so the time would mean nothing.</exception>
    public static IReadOnlyList<StepTime> Measure(
        IReadOnlyList<FlipConfig> settings, StepTurnsOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfZero(settings.Count, nameof(settings));
        options ??= new StepTurnsOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Rounds, nameof(options));
        CheckDevices(settings);
        Compute.UseThreads(settings[0].Train);
        var tokenizer = options.Tokenizer ?? options.Data?.Tokenizer(settings[0].Data, _ => { }, cancellation);
        var prepared = settings.Select(setting => TurnSetting.Of(setting, tokenizer)).ToList();
        var groups = Groups(prepared);
        var times = new List<GroupTimes>();
        foreach (var (index, group) in groups.Index())
        {
            using var set = new LaneSet(group.Select(setting => prepared[setting]), options, tokenizer);
            var rounds = new TurnRounds(options.Rounds, options.Budget / groups.Count)
            {
                Progress = (lane, round, seconds) => options.Progress?.Invoke(new StepTurn(group[lane], round, options.Rounds, index, groups.Count, seconds)),
            };
            times.Add(new GroupTimes(group, rounds.Run(set.Lanes, cancellation)));
        }

        return GroupTimes.Of(times, [.. prepared.Select(setting => (setting.Config.Train.BatchSize, setting.Config.Train.MicroBatch))]);
    }

    private static void CheckDevices(IReadOnlyList<FlipConfig> settings)
    {
        var train = settings[0].Train;
        var problems = new List<string>();
        foreach (var (setting, other) in settings.Select(setting => setting.Train).Index())
        {
            if (other.Device != train.Device)
            {
                problems.Add($"train.device = {other.Device} in setting {setting + 1} and {train.Device} in the first: times are compared on one device.");
            }

            if (other.Threads != train.Threads)
            {
                problems.Add($"train.threads = {other.Threads} in setting {setting + 1} and {train.Threads} in the first: times are compared with as many threads.");
            }
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private static List<List<int>> Groups(List<TurnSetting> settings)
    {
        var device = settings[0].Compute.Device;
        var all = DeviceMemory.Of(device);
        var models = settings.Select(setting => setting.Model).Distinct().ToList();
        var memory = settings.Select(setting => setting.Memory(models.IndexOf(setting.Model))).ToList();
        var groups = LaneGroups.Of(memory, all * (device.type == DeviceType.CUDA ? ShareOfGpu : ShareOfProcessor));
        if (groups.Find(group => LaneGroups.Bytes(group, memory) > all) is { } tooLarge)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"The steps of setting {string.Join(" and ", tooLarge.Select(setting => setting + 1))} take about {LaneGroups.Bytes(tooLarge, memory) / 1e9:0.0} GB, and {(device.type == DeviceType.CUDA ? $"the device {device}" : "this machine")} has {all / 1e9:0.0} GB of memory: a smaller train.microBatch is the same step in parts."));
        }

        return groups;
    }
}
