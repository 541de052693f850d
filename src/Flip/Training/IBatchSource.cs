namespace Flip.Training;

/// <summary>
/// An endless sequence of pairs, from a position that is a plain number. The pair at a position depends on the data, the
/// seed and the position alone, never on threads, batch size or restarts.
/// </summary>
public interface IBatchSource : IDisposable
{
    /// <summary>Samples in one epoch.</summary>
    long SamplesPerEpoch { get; }

    /// <summary>Position of the next pair: samples handed out since the first epoch began.</summary>
    long Position { get; }

    /// <summary>Samples that could not be read so far in this process, by cause; each was replaced.</summary>
    IReadOnlyDictionary<string, long> BadSamples { get; }

    /// <summary>True if <see cref="Next"/> would not have to wait for so many pairs.</summary>
    bool IsReady(int size);

    /// <summary>The next <paramref name="size"/> pairs, across the end of an epoch if need be. They are the caller's until it disposes of
    /// the batch.</summary>
    /// <exception cref="TooManyBadSamplesException">The share of unreadable samples is above the configured one.</exception>
    Batch Next(int size, CancellationToken cancellation = default);
}
