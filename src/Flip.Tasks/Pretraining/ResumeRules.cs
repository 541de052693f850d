using Flip.Config;
using Flip.Devices;
using Flip.Native;
using Flip.Storage;
using Flip.Training;

namespace Flip.Tasks.Pretraining;

/// <summary>Which settings may change when a run is resumed.</summary>
public static class ResumeRules
{
    /// <summary>None of these changes what is learnt; but a new length, which a user wants who asks for it, changes the schedule.</summary>
    private static readonly string[] Free =
    [
        "train.samples", "train.microBatch", "train.lossChunk", "train.checkpointBlocks", "train.shardOptimizer", "train.textExchange", "train.threads", "train.device", "train.logEvery",
        "train.checkpointEvery", "train.checkpointMinutes", "train.keepCheckpoints", "train.keepEvery",
        "data.train", "data.index", "data.cache", "data.cacheSize", "data.s3Endpoint", "data.s3Anonymous", "data.workers", "data.prefetchBatches", "data.batchMemory", "data.maxBadShare", "eval.",
    ];

    /// <summary>Threads for each processor that a run may ask for, and for a machine of few.</summary>
    private const int ThreadsPerProcessor = 4;
    private const int FewestThreads = 16;

    private static int MostThreads => Math.Max(FewestThreads, ThreadsPerProcessor * Processors.Available);

    /// <summary>A run's configuration with what it asks of the machine held to what this machine has, which is said. None of it changes what is learnt.</summary>
    public static FlipConfig Fitted(FlipConfig config, Action<string> say) => config with
    {
        Train = config.Train with { Threads = Fitted("train.threads", config.Train.Threads, MostThreads, say) },
        Data = config.Data with
        {
            Workers = Fitted("data.workers", config.Data.Workers, MostThreads, say),
            BatchMemory = Fitted("data.batchMemory", config.Data.BatchMemory, (int)Math.Min(int.MaxValue, DeviceMemory.OfMachine >> 21), say), // half of it, MiB
        },
    };

    /// <summary>
    /// A run's stored configuration on this machine: a device that is not here is replaced, which is said, and so is the micro-batch that its memory called
    /// for. What the user asks for now is not.
    /// </summary>
    public static FlipConfig OnThisMachine(FlipConfig stored, Action<string> say)
    {
        var device = Device("train.device", stored.Train.Device, say);
        return device == stored.Train.Device ? stored : stored with { Train = stored.Train with { Device = device, MicroBatch = 0 } };
    }

    /// <summary>Says what will be slow here because the run began elsewhere.</summary>
    public static void SaySlow(Compute compute, Action<string> say)
    {
        if (compute is { Precision: Precision.Bf16, Device.type: TorchSharp.DeviceType.CPU } && !Bf16Support.OnProcessor)
        {
            say("This training computes in bf16 (train.precision), which this processor emulates slowly.");
        }
    }

    /// <inheritdoc cref="Fitted(FlipConfig, Action{string})"/>
    public static TConfig Fitted<TConfig>(TConfig config, Action<string> say)
        where TConfig : ImageTaskConfig
    {
        var device = Device("device", config.Device, say);
        return config with
        {
            MicroBatch = device == config.Device ? config.MicroBatch : 0,
            Device = device,
            Threads = Fitted("threads", config.Threads, MostThreads, say),
            Workers = Fitted("workers", config.Workers, MostThreads, say),
        };
    }

    private static string Device(string key, string wanted, Action<string> say)
    {
        if (Compute.Has(wanted))
        {
            return wanted;
        }

        say($"{key} = {wanted} of the run is not on this machine; it goes on with {Compute.Auto}, in micro-batches of that device.");
        return Compute.Auto;
    }

    private static int Fitted(string key, int wanted, int most, Action<string> say)
    {
        if (wanted > most)
        {
            say(FormattableString.Invariant($"{key} = {wanted} of the run is more than this machine takes; it goes on with {most}."));
        }

        return Math.Min(wanted, most);
    }

    /// <summary>The checkpoint that a run goes on from: the newest that is as it was written. It is said which one, and which are damaged.</summary>
    /// <returns>Its folder; null where there is none yet, and the run begins again.</returns>
    /// <exception cref="CheckpointFormatException">There are checkpoints, and all are damaged.</exception>
    internal static string? Checkpoint(RunFolder run, Action<string> say)
    {
        var checkpoint = new CheckpointStore(run.Checkpoints, 0).NewestWhole(say);
        say(checkpoint is null ? "There is no checkpoint yet; the run begins again." : $"Resuming from {checkpoint}.");
        return checkpoint;
    }

    /// <summary>Refuses changes that would make it another run.</summary>
    /// <exception cref="ConfigException">There are some; all are named.</exception>
    public static void Check(FlipConfig stored, FlipConfig wanted)
    {
        var refused = ConfigWriter.Difference(wanted, stored)
            .Where(change => !IsFree(change, stored.Train, wanted.Train))
            .Select(change => $"{change}: a resumed run keeps this setting; `--init` starts a new run from its weights.")
            .ToList();
        if (refused.Count > 0)
        {
            throw new ConfigException(refused);
        }
    }

    /// <summary>A spike guard that only looks changes nothing. One that goes back goes to the checkpoints that come by samples, and so their distance is part of the run.</summary>
    private static bool IsFree(string change, OptimizationConfig stored, OptimizationConfig wanted)
    {
        bool Is(string key) => change.StartsWith(key, StringComparison.Ordinal);
        bool Either(Func<OptimizationConfig, bool> has) => has(stored) || has(wanted);
        return Is("train.spike") ? !Either(train => train is { SpikeFactor: > 0, SpikeAction: not SpikeAction.Log })
            : Is("train.checkpointEvery") ? !Either(train => train is { SpikeFactor: > 0, SpikeAction: SpikeAction.Rollback })
            : Free.Any(Is);
    }
}
