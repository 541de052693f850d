namespace Flip.Data.Order;

/// <summary>Which sample stands at a position of the endless sequence that a training reads. Pure and safe to call from several threads.</summary>
internal interface ISampleOrder
{
    /// <summary>Samples of one epoch: what a length in epochs counts.</summary>
    long SamplesPerEpoch { get; }

    /// <summary>The sample at a position, from 0.</summary>
    OrderedSample At(long position);

    /// <summary>The samples of which one may stand in for a sample that cannot be used: those of its source.</summary>
    (long First, long Count) SourceOf(long sample);

    /// <summary>A source's shards in the order in which they are wanted, from a position on; each with the position at which its window ends.</summary>
    /// <param name="source">The source, from 0; 0 for the only one.</param>
    /// <param name="position">The position.</param>
    /// <returns>A sequence without end; it ends where the source is not wanted any more.</returns>
    IEnumerable<(int Shard, long End)> ShardsFrom(int source, long position);
}
