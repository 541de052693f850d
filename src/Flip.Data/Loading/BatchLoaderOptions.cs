using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>How a <see cref="BatchLoader"/> reads.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Tokens T in a row.</summary>
    public int TextLength { get; init; } = 32;

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Shards whose samples are shuffled together; 0 takes all.</summary>
    public int ShuffleShards { get; init; } = 64;

    /// <summary>Decoding threads; 0 takes the processor count.</summary>
    public int Workers { get; init; }

    /// <summary>Batches, or parts of them, made ahead of the consumer, from 1.</summary>
    public int PrefetchBatches { get; init; } = 2;

    /// <summary>Share of unusable samples above which the run stops, 0 to 1.</summary>
    public double MaxBadShare { get; init; } = 0.1;

    /// <summary>Probability that a pair is mixed with another one of its source, 0 to 1 (MixGen, arXiv 2206.08358).</summary>
    public double Mixup { get; init; }

    /// <summary>Position to begin at: samples handed out before, over all ranks.</summary>
    public long Start { get; init; }

    /// <summary>How pairs are laid out for steps, so that the threads make masks and copy kept patches alone; null for whole images.</summary>
    public PairLayout? Layout { get; init; }

    /// <summary>The mask ratio of each step; goes with <see cref="Layout"/>.</summary>
    public ImageMaskSchedule? Mask { get; init; }

    /// <summary>Pairs of a batch over all ranks, where known, so that the threads begin before the first call; 0 waits for it, where one process reads.</summary>
    public int BatchSize { get; init; }

    /// <summary>Pairs of a call where a batch is read in parts, the last of which may be smaller; 0 for all that this process reads of a batch.</summary>
    public int PartSize { get; init; }

    /// <summary>This process, from 0; it reads its <see cref="Collectives.Share"/> of every batch.</summary>
    public int Rank { get; init; }

    /// <summary>Number of processes that share the batches.</summary>
    public int World { get; init; } = 1;
}
