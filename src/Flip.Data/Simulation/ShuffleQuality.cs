using Flip.Data.Order;

namespace Flip.Data.Simulation;

/// <summary>How well a window of shards shuffles, measured on the order itself.</summary>
/// <param name="Window">Shards whose samples are shuffled together.</param>
/// <param name="ShardsOfBatch">Shards that a batch has samples of, the mean.</param>
/// <param name="SameShard">How many times as often as in a shuffle of everything two samples of a batch come from one shard; 1 is that shuffle. It matters where a shard's samples
/// are alike.</param>
/// <param name="Displacement">How far a sample moves from its place in the order of the shards' files, as a share of the data; a third in a shuffle of everything.</param>
public sealed record ShuffleQuality(int Window, double ShardsOfBatch, double SameShard, double Displacement)
{
    private const int Batches = 64;

    /// <summary>Measures evenly spread batches of the first epoch.</summary>
    /// <param name="shards">Number of shards.</param>
    /// <param name="samples">Samples of each, on average.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    /// <param name="window">Shards whose samples are shuffled together; 0 takes all.</param>
    /// <param name="seed">The run's seed.</param>
    public static ShuffleQuality Measure(int shards, int samples, int batchSize, int window, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        var all = (long)shards * samples;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batchSize, all);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 2);
        var order = new SampleOrder([.. Enumerable.Repeat(samples, shards)], seed, window);
        var (distinct, same, moved) = (0.0, 0.0, 0.0);
        for (var batch = 0; batch < Batches; batch++)
        {
            var first = (all - batchSize) * batch / (Batches - 1);
            var counts = new Dictionary<long, long>();
            for (var i = 0; i < batchSize; i++)
            {
                var sample = order.At(first + i).Sample;
                counts[sample / samples] = counts.GetValueOrDefault(sample / samples) + 1;
                moved += Math.Abs(sample - (first + i)) / (double)all;
            }

            distinct += counts.Count;
            same += counts.Values.Sum(count => count * (count - 1.0));
        }

        var expected = (double)Batches * batchSize * (batchSize - 1) * (samples - 1) / Math.Max(1, all - 1); // of a shuffle of everything
        return new ShuffleQuality(window == 0 ? shards : Math.Min(window, shards), distinct / Batches, expected > 0 ? same / expected : 1, moved / Batches / batchSize);
    }
}
