namespace Flip.Data.Shards;

/// <summary>Some bytes of a shard in memory.</summary>
/// <param name="Offset">Where they begin.</param>
/// <param name="Bytes">The bytes; none for no part.</param>
internal readonly record struct ShardPart(long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Copies a piece.</summary>
    /// <returns>False where it is not all in this part.</returns>
    public bool TryRead(long offset, Span<byte> buffer)
    {
        if (offset < Offset || offset + buffer.Length > Offset + Bytes.Length)
        {
            return false;
        }

        Bytes.Span.Slice((int)(offset - Offset), buffer.Length).CopyTo(buffer);
        return true;
    }
}
