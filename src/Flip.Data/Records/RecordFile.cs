using System.IO.Compression;
using Flip.Io;

namespace Flip.Data.Records;

/// <summary>A file of records that is read at any place: from the disk, or from memory where it was compressed (<c>.gz</c>).</summary>
internal sealed class RecordFile
{
    /// <summary>Deflate makes a byte of at most so many.</summary>
    private const int MostPacking = 1032;

    /// <summary>Bytes that are unpacked into memory; of published sets EMNIST has the most, 640 million.</summary>
    private const long MostUnpacked = 1 << 30;

    /// <summary>Records of a data set, which is labels in memory and, with holes, no bytes on a disk; the largest set of this form has 8.1 million.</summary>
    private const long MostRecords = 1 << 24;

    private RecordFile(string path, long length, byte[]? content)
    {
        (Path, Length, Unpacked) = (path, length, content);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes, unpacked.</summary>
    public long Length { get; }

    /// <summary>The content of a file that was compressed; null where it is read from the disk.</summary>
    public byte[]? Unpacked { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file; <c>.gz</c> is unpacked.</param>
    /// <param name="headerBytes">Bytes of its header.</param>
    /// <param name="expected">Length of the whole file, bytes, by its header; checked before memory is asked for.</param>
    /// <exception cref="EvaluationDataException">The file has another length than its header says, or its packing is damaged.</exception>
    public static RecordFile Open(string path, int headerBytes, Func<byte[], long> expected)
    {
        try
        {
            using var file = PlainFile.OpenRead(path);
            var isPacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
            using var stream = isPacked ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
            var header = new byte[headerBytes];
            if (stream.ReadAtLeast(header, headerBytes, throwOnEndOfStream: false) < headerBytes)
            {
                throw new EvaluationDataException($"'{path}' ends inside its header of {headerBytes} bytes.");
            }

            var length = expected(header);
            if (!isPacked)
            {
                return file.Length == length ? new RecordFile(path, length, null) : throw WrongLength(path, file.Length, length);
            }

            if (length > file.Length * MostPacking)
            {
                throw new EvaluationDataException($"'{path}' cannot hold the {length} bytes that its header promises: it has {file.Length}.");
            }

            if (length > MostUnpacked)
            {
                throw new EvaluationDataException(FormattableString.Invariant(
                    $"'{path}' unpacks to {length:N0} bytes, and at most {MostUnpacked:N0} are unpacked into memory: unpack it to a file without .gz."));
            }

            var content = GC.AllocateUninitializedArray<byte>((int)length);
            header.CopyTo(content, 0);
            var read = headerBytes + stream.ReadAtLeast(content.AsSpan(headerBytes), content.Length - headerBytes, throwOnEndOfStream: false);
            return read < length ? throw WrongLength(path, read, length)
                : stream.ReadByte() < 0 ? new RecordFile(path, length, content)
                : throw new EvaluationDataException($"'{path}' unpacks to more than the {length} bytes that its header promises.");
        }
        catch (InvalidDataException e)
        {
            throw new EvaluationDataException($"'{path}' cannot be unpacked: {e.Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EvaluationDataException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A file whose records have one length and no header.</summary>
    /// <exception cref="EvaluationDataException">Its length is no whole number of records, or it has none.</exception>
    public static RecordFile OfRecords(string path, int recordBytes)
    {
        var length = PlainFile.Length(path);
        return length > 0 && length % recordBytes == 0
            ? Open(path, 0, _ => length)
            : throw new EvaluationDataException($"'{path}' has {length} bytes, which is no whole number of records of {recordBytes} bytes.");
    }

    /// <summary>Refuses more records than data sets have.</summary>
    /// <exception cref="EvaluationDataException">There are more.</exception>
    public static void CheckCount(string path, long records)
    {
        if (records > MostRecords)
        {
            throw new EvaluationDataException(FormattableString.Invariant($"'{path}' has {records:N0} images, and at most {MostRecords:N0} are read."));
        }
    }

    /// <summary>Opens the file for reading.</summary>
    public RecordReader OpenReader() => new(Path, Unpacked);

    private static EvaluationDataException WrongLength(string path, long length, long expected) =>
        new($"'{path}' has {length} bytes instead of the {expected} that its header promises.");
}
