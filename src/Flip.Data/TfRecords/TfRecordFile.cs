using System.Buffers.Binary;

namespace Flip.Data.TfRecords;

/// <summary>
/// The framing of TFRecord files, record for record: length (8 bytes), its checksum, data, its checksum, all little-endian. A wrong checksum of data costs that record; a wrong one
/// of a length costs all that follow, for nothing else says where the next record begins.
/// </summary>
internal static class TfRecordFile
{
    /// <summary>Bytes of a record's data, at most: the longest image file, and texts beside it.</summary>
    public const int MostBytes = ImageFileSize.Most + (64 << 20);

    /// <summary>Whether the bytes that a file begins with are the header of a record.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> start) =>
        start.Length >= TfRecord.HeaderSize && MaskedCrc32C.Of(start[..sizeof(ulong)]) == BinaryPrimitives.ReadUInt32LittleEndian(start[sizeof(ulong)..]);

    /// <summary>Where the records of a file lie, by their headers alone. Data is passed over, not read, and not checked.</summary>
    /// <param name="file">The file, from its beginning; it can seek.</param>
    /// <exception cref="InvalidDataException">A length is damaged, or too large; the message has the offset.</exception>
    /// <exception cref="EndOfStreamException">The file ends inside a record; the message has the offset.</exception>
    public static IEnumerable<TfRecord> Records(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var header = new byte[TfRecord.HeaderSize];
        for (long at = 0, end = file.Length; at < end;)
        {
            file.Position = at;
            var length = LengthOf(header.AsSpan(0, file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)), at);
            var record = new TfRecord(at + header.Length, length);
            at = record.Offset + record.StoredLength;
            yield return at <= end ? record : throw Cut(record.Offset - header.Length);
        }
    }

    /// <summary>Whether a record's data has its checksum.</summary>
    /// <param name="stored">The data and the checksum behind it.</param>
    public static bool IsWhole(ReadOnlySpan<byte> stored) =>
        stored.Length >= TfRecord.ChecksumSize
        && MaskedCrc32C.Of(stored[..^TfRecord.ChecksumSize]) == BinaryPrimitives.ReadUInt32LittleEndian(stored[^TfRecord.ChecksumSize..]);

    /// <summary>The length that a header says.</summary>
    /// <param name="header">What was read of it.</param>
    /// <param name="at">Its place, for messages.</param>
    internal static int LengthOf(ReadOnlySpan<byte> header, long at)
    {
        if (header.Length < TfRecord.HeaderSize)
        {
            throw Cut(at);
        }

        if (!IsHeader(header))
        {
            throw new InvalidDataException(FormattableString.Invariant($"no header of a record at byte {at}: its length has another checksum"));
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(header);
        return length <= MostBytes ? (int)length
            : throw new InvalidDataException(FormattableString.Invariant($"the record at byte {at} has {length:N0} bytes, and at most {MostBytes:N0} are read"));
    }

    internal static EndOfStreamException Cut(long at) => new(FormattableString.Invariant($"inside the record at byte {at}"));
}
