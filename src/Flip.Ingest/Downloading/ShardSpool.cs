using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flip.Ingest.Downloading;

/// <summary>
/// Rows of a shard that are done, in the order in which they were, with their images: a file that is only ever appended to. Each entry has its length and a hash, so that after a kill
/// what was whole is taken and a torn tail is cut. Safe to call from several threads.
/// </summary>
internal sealed class ShardSpool : IDisposable
{
    /// <summary>Bytes of an entry before its outcome: row, length of the outcome, length of the image, SHA-256 of all the rest.</summary>
    private const int HeadLength = 4 + 4 + 4 + SHA256.HashSizeInBytes;

    /// <summary>Bytes of an outcome; the largest part is EXIF.</summary>
    private const int LongestOutcome = 1 << 20;

    private readonly FileStream _file;
    private readonly Lock _gate = new();

    private ShardSpool(FileStream file) => _file = file;

    /// <summary>Opens a spool, which is made where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">Rows of the shard; an entry of another row is damage.</param>
    /// <param name="found">Takes each whole entry that is there.</param>
    public static ShardSpool Open(string path, int rows, Action<int, RowOutcome, ImagePlace?> found)
    {
        // Not shared: on one machine no two processes can make the same shard.
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var end = 0L;
            while (ReadEntry(file, end, rows, found) is { } next)
            {
                end = next;
            }

            file.SetLength(end);
            file.Position = end;
            return new ShardSpool(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Appends a row.</summary>
    /// <param name="row">Its number in the shard.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="image">Its image; empty for none.</param>
    /// <returns>Where the image is; null for none.</returns>
    public ImagePlace? Add(int row, RowOutcome outcome, ReadOnlyMemory<byte> image)
    {
        var json = outcome.ToJson();
        var entry = new byte[HeadLength + json.Length];
        WriteHead(entry, row, json.Length, image.Length);
        json.CopyTo(entry.AsSpan(HeadLength));
        Hash(entry, image.Span).CopyTo(entry.AsSpan(HeadLength - SHA256.HashSizeInBytes));
        lock (_gate)
        {
            var place = _file.Position + entry.Length;
            _file.Write(entry);
            _file.Write(image.Span);
            return image.IsEmpty ? null : new ImagePlace(_file.SafeFileHandle, place, image.Length);
        }
    }

    private static long? ReadEntry(FileStream file, long at, int rows, Action<int, RowOutcome, ImagePlace?> found)
    {
        Span<byte> head = stackalloc byte[HeadLength];
        file.Position = at;
        if (file.Length - at < HeadLength)
        {
            return null;
        }

        file.ReadExactly(head);
        var row = BinaryPrimitives.ReadInt32LittleEndian(head);
        var (length, imageLength) = (BinaryPrimitives.ReadInt32LittleEndian(head[4..]), BinaryPrimitives.ReadInt32LittleEndian(head[8..]));
        if (row < 0 || row >= rows || length is < 0 or > LongestOutcome || imageLength < 0 || length + (long)imageLength > file.Length - at - HeadLength)
        {
            return null;
        }

        var entry = new byte[HeadLength + length];
        head.CopyTo(entry);
        file.ReadExactly(entry.AsSpan(HeadLength));
        var place = new ImagePlace(file.SafeFileHandle, at + entry.Length, imageLength);
        var image = place.Read();
        if (!Hash(entry, image).AsSpan().SequenceEqual(head[(HeadLength - SHA256.HashSizeInBytes)..]))
        {
            return null;
        }

        found(row, RowOutcome.FromJson(entry.AsSpan(HeadLength)), imageLength == 0 ? null : place);
        return at + entry.Length + imageLength;
    }

    private static void WriteHead(Span<byte> entry, int row, int length, int imageLength)
    {
        BinaryPrimitives.WriteInt32LittleEndian(entry, row);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], length);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], imageLength);
    }

    /// <summary>Of the entry without the hash's own place, and of the image.</summary>
    private static byte[] Hash(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> image)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(entry[..(HeadLength - SHA256.HashSizeInBytes)]);
        hash.AppendData(entry[HeadLength..]);
        hash.AppendData(image);
        return hash.GetHashAndReset();
    }
}
