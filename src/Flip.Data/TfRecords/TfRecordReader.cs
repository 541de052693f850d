namespace Flip.Data.TfRecords;

/// <summary>Reads records from the beginning to the end of a stream, which need not seek: a compressed file, or one that comes over a network.</summary>
/// <param name="stream">The records.</param>
internal sealed class TfRecordReader(Stream stream)
{
    private const int Step = 1 << 20;

    private readonly byte[] _header = new byte[TfRecord.HeaderSize];
    private byte[] _data = [];

    /// <summary>Where the next record begins, in bytes of the stream.</summary>
    public long Position { get; private set; }

    /// <summary>The data of the next record, valid until the next call; null at the end.</summary>
    /// <param name="isWhole">Whether it has its checksum. One that has not costs itself alone.</param>
    /// <exception cref="InvalidDataException">The length is damaged, or too large; the message has the offset.</exception>
    /// <exception cref="EndOfStreamException">The stream ends inside the record; the message has the offset.</exception>
    public ReadOnlyMemory<byte>? Next(out bool isWhole)
    {
        isWhole = true;
        if (NextLength() is not { } length)
        {
            return null;
        }

        var stored = length + TfRecord.ChecksumSize;
        Fill(stored);
        isWhole = TfRecordFile.IsWhole(_data.AsSpan(0, stored));
        Position += TfRecord.HeaderSize + stored;
        return _data.AsMemory(0, length);
    }

    /// <summary>Passes over the next record; its data is not checked.</summary>
    /// <returns>False at the end.</returns>
    /// <inheritdoc cref="Next"/>
    public bool Skip()
    {
        if (NextLength() is not { } length)
        {
            return false;
        }

        var stored = length + TfRecord.ChecksumSize;
        if (!stream.CanSeek)
        {
            Fill(stored);
        }
        else if (stream.Length - stream.Position < stored)
        {
            throw TfRecordFile.Cut(Position);
        }
        else
        {
            stream.Position += stored;
        }

        Position += TfRecord.HeaderSize + stored;
        return true;
    }

    private int? NextLength()
    {
        var count = stream.ReadAtLeast(_header, _header.Length, throwOnEndOfStream: false);
        return count == 0 ? null : TfRecordFile.LengthOf(_header.AsSpan(0, count), Position);
    }

    /// <summary>Reads data into the buffer, which grows with what has come: a length alone takes no memory.</summary>
    private void Fill(int length)
    {
        for (var have = 0; have < length;)
        {
            var next = (int)Math.Min(length, Math.Max(Math.Max(Step, _data.Length), have * 2L));
            if (_data.Length < next)
            {
                Array.Resize(ref _data, next);
            }

            if (stream.ReadAtLeast(_data.AsSpan(have, next - have), next - have, throwOnEndOfStream: false) < next - have)
            {
                throw TfRecordFile.Cut(Position);
            }

            have = next;
        }
    }
}
