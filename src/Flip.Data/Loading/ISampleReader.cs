using Flip.Data.Order;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>What a <see cref="BatchLoader"/> fills its batches with. Safe to call from several threads.</summary>
internal interface ISampleReader : IDisposable
{
    /// <summary>In which order a training reads the samples.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="shuffleShards">Shards whose samples are shuffled together; 0 takes all.</param>
    ISampleOrder Order(ulong seed, int shuffleShards);

    /// <summary>Height and width of the images, pixels.</summary>
    int ImageSize { get; }

    /// <summary>A sample's name for a message.</summary>
    string Describe(long sample);

    /// <summary>Told once, before anything is read: in which order, and from where.</summary>
    void Begin(ISampleOrder order, long start)
    {
        // nothing is read ahead
    }

    /// <summary>Whether it wants to be told what will be read soon.</summary>
    bool ReadsAhead => false;

    /// <summary>Told which samples will be read soon.</summary>
    void Ahead(long position, IReadOnlyList<long> samples)
    {
        // nothing is read ahead
    }

    /// <summary>A batch to fill.</summary>
    /// <param name="size">Samples.</param>
    /// <param name="step">Position at which its step begins, samples; the mask of a step may depend on it.</param>
    /// <param name="used">One that was used before and may be filled again; null for none.</param>
    Batch NewBatch(int size, long step, Batch? used);

    /// <summary>Reads a sample into a row, all but its index and epoch.</summary>
    /// <exception cref="BadSampleException">It cannot be used.</exception>
    void Read(Batch batch, int row, int epoch, long sample);

    /// <summary>Called once all rows of a batch are read.</summary>
    void Finish(Batch batch);
}
