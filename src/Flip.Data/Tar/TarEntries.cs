using System.Globalization;

namespace Flip.Data.Tar;

/// <summary>
/// Reads the headers of a tar archive, and no data. Why it is written here: an index needs the place of each member's data, which of .NET's readers only
/// System.Formats.Tar tells, and that refuses archives which tar and Python read (owners above 2³¹, attributes with line breaks, a key or a long name
/// twice, directories with a size). SharpCompress 0.50.8 refuses times before 1970 and directories with a size, and keeps the places to itself;
/// SharpZipLib 1.4.2 reads through all data and loses members behind global headers. What is read here is what Python's tarfile reads.
/// </summary>
/// <param name="file">The archive; its position is changed.</param>
internal sealed class TarEntries(Stream file)
{
    private const int LongestName = 1 << 15;

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private readonly Dictionary<string, string> _global = new(StringComparer.Ordinal);

    /// <summary>Where the next header begins, in bytes.</summary>
    public long Position { get; private set; }

    /// <summary>The next member; null at a block of zeros, which ends a tar, and at the end of the file.</summary>
    /// <exception cref="InvalidDataException">What follows is no header; the message says what is there.</exception>
    /// <exception cref="EndOfStreamException">The file ends inside a member; the message says in which.</exception>
    public TarEntry? Next()
    {
        // What headers before a member's own say about it. As in Python, the first of several wins.
        Dictionary<string, string>? said = null;
        while (ReadBlock())
        {
            if (!TarHeader.TryRead(_block, out var header))
            {
                throw new InvalidDataException("no header of a member");
            }

            var data = Position + TarHeader.BlockSize;
            if (header.Type is not ((byte)'L' or (byte)'K' or (byte)'x' or (byte)'X' or (byte)'g'))
            {
                return EntryOf(header, data, said);
            }

            if (header.Size > file.Length - data)
            {
                throw new EndOfStreamException("inside an extended header");
            }

            if (header.Type == 'g')
            {
                foreach (var (key, value) in PaxRecords.Read(file, data, data + header.Size))
                {
                    _global[key] = value;
                }
            }
            else
            {
                said ??= new(StringComparer.Ordinal);
                foreach (var (key, value) in Extended(header, data))
                {
                    said.TryAdd(key, value);
                }
            }

            Position = data + RoundUp(header.Size);
        }

        return said is null ? null : throw new InvalidDataException("an extended header without a member behind it");
    }

    private static long RoundUp(long length) => (length + TarHeader.BlockSize - 1) / TarHeader.BlockSize * TarHeader.BlockSize;

    /// <summary>False at the end of the file and at a block of zeros.</summary>
    private bool ReadBlock()
    {
        file.Position = Position;
        var count = file.ReadAtLeast(_block, _block.Length, throwOnEndOfStream: false);
        return count is 0 or TarHeader.BlockSize
            ? count > 0 && _block.AsSpan().ContainsAnyExcept((byte)0)
            : throw new EndOfStreamException("inside a header");
    }

    private Dictionary<string, string> Extended(TarHeader header, long data)
    {
        if (header.Type is (byte)'x' or (byte)'X')
        {
            return PaxRecords.Read(file, data, data + header.Size);
        }

        var name = new byte[Math.Min(header.Size, LongestName)];
        file.Position = data;
        file.ReadExactly(name);
        return new() { [header.Type == 'L' ? PaxRecords.Path : PaxRecords.LinkPath] = TarHeader.Text(name) };
    }

    /// <summary>The member of a header; the position moves behind it.</summary>
    private TarEntry EntryOf(TarHeader header, long data, Dictionary<string, string>? said)
    {
        var stored = Number(said?.GetValueOrDefault(PaxRecords.Size)) ?? header.Size;
        var entry = new TarEntry(
            Value(PaxRecords.SparseName) ?? Value(PaxRecords.Path) ?? header.Name, header.Type, Value(PaxRecords.LinkPath) ?? header.LinkTarget, data, stored, stored);
        if (header.Type is >= (byte)'1' and <= (byte)'6' || (header.Type == 0 && !entry.IsFile))
        {
            Position = data; // links, devices and directories have no data, whatever their headers say
            return entry;
        }

        entry = WithPieces(entry, header, Value);
        if (entry.Stored > file.Length - entry.DataOffset)
        {
            throw new EndOfStreamException($"inside '{entry.Name}'");
        }

        Position = entry.DataOffset + RoundUp(entry.Stored);
        return entry;

        string? Value(string key) => (said?.GetValueOrDefault(key) ?? _global.GetValueOrDefault(key)) is { Length: > 0 } value ? value : null;
    }

    /// <summary>Reads where the pieces of a sparse file belong, in each of GNU's forms; other files stay as they are.</summary>
    private TarEntry WithPieces(TarEntry entry, TarHeader header, Func<string, string?> value)
    {
        SparseMap? map;
        file.Position = entry.DataOffset;
        var length = Number(value(PaxRecords.SparseRealSize)) ?? Number(value(PaxRecords.SparseSize)) ?? -1;
        if (header.Type == 'S')
        {
            (var table, var continues, length) = header.OldSparse;
            map = SparseMap.OfTable(file, table, continues);
            entry = entry with { DataOffset = file.Position };
        }
        else if ((value(PaxRecords.SparseMajor), value(PaxRecords.SparseMinor)) is ("1", "0"))
        {
            map = SparseMap.OfLines(file, entry.DataOffset + Math.Min(entry.Stored, file.Length - entry.DataOffset));
            var lines = map is null ? 0 : file.Position - entry.DataOffset;
            entry = entry with { DataOffset = entry.DataOffset + lines, Stored = entry.Stored - lines };
        }
        else if (value(PaxRecords.SparseMap) is { } numbers)
        {
            map = SparseMap.OfText(numbers);
        }
        else
        {
            return entry;
        }

        return map?.Fits(length, entry.Stored) != true ? entry with { IsReadable = false }
            : entry with { Length = length, Pieces = map.IsWhole(length) ? null : map };
    }

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
