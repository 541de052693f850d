namespace Flip.Data.TfRecords;

/// <summary>Where the data of a record lies in its file. Its checksum stands in the 4 bytes behind.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">Bytes, without the checksum.</param>
internal readonly record struct TfRecord(long Offset, int Length)
{
    /// <summary>Bytes of the checksum behind the data.</summary>
    public const int ChecksumSize = sizeof(uint);

    /// <summary>Bytes before the data: its length, and the length's checksum.</summary>
    public const int HeaderSize = sizeof(ulong) + sizeof(uint);

    /// <summary>Bytes of the data with its checksum: what is read to check it.</summary>
    public int StoredLength => Length + ChecksumSize;
}
