namespace Flip.Data.TfRecords;

/// <summary>A place in a record.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct ByteRange(int Offset, int Length)
{
    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> record) => record.Slice(Offset, Length);

    /// <summary>The same place in what this range's message lies in.</summary>
    public ByteRange In(ByteRange outer) => this with { Offset = outer.Offset + Offset };
}
