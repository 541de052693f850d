using Flip.Data.Order;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>What a <see cref="BatchLoader"/> fills its batches with. Safe to call from several threads.</summary>
internal interface ISampleReader : IDisposable
{
    /// <summary>Samples of each shard, which <see cref="SampleOrder"/> shuffles by.</summary>
    IReadOnlyList<int> ShardSizes { get; }

    /// <summary>Height and width of the images, pixels.</summary>
    int ImageSize { get; }

    /// <summary>A sample's name for a message.</summary>
    string Describe(long sample);

    /// <summary>An empty batch.</summary>
    Batch NewBatch(int size);

    /// <summary>Reads a sample into a row, all but its index and epoch.</summary>
    /// <exception cref="BadSampleException">It cannot be used.</exception>
    void Read(Batch batch, int row, int epoch, long sample);
}
