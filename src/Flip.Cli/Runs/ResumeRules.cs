using Flip.Config;

namespace Flip.Cli.Runs;

/// <summary>Which settings may change when a run is resumed.</summary>
internal static class ResumeRules
{
    /// <summary>None of these changes what is learnt; but a new length, which a user wants who asks for it, changes the schedule.</summary>
    private static readonly string[] Free =
    [
        "train.samples", "train.microBatch", "train.lossChunk", "train.checkpointBlocks", "train.threads", "train.device", "train.logEvery", "train.checkpointEvery", "train.keepCheckpoints",
        "data.train", "data.classNames", "data.workers", "data.prefetchBatches", "data.batchMemory", "data.maxBadShare", "eval.",
    ];

    /// <summary>Refuses changes that would make it another run.</summary>
    /// <exception cref="ConfigException">There are some; all are named.</exception>
    public static void Check(FlipConfig stored, FlipConfig wanted)
    {
        var refused = ConfigWriter.Difference(wanted, stored)
            .Where(change => !Free.Any(key => change.StartsWith(key, StringComparison.Ordinal)))
            .Select(change => $"{change}: a resumed run keeps this setting; `--init` starts a new run from its weights.")
            .ToList();
        if (refused.Count > 0)
        {
            throw new ConfigException(refused);
        }
    }
}
