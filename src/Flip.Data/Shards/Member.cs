namespace Flip.Data.Shards;

/// <summary>Where a file of a sample lies in its shard.</summary>
/// <param name="Offset">First byte; 0 for one that a sample lacks (a header always precedes data).</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct Member(long Offset, int Length)
{
    public bool IsPresent => Offset != 0;

    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;
}
