using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Flip.Data.Records;
using Flip.Io;

namespace Flip.Ingest.Selection;

/// <summary>
/// Files that name samples by their uids, as DataComp has its subsets: NumPy's format, of the type <c>[('f0', '&lt;u8'), ('f1', '&lt;u8')]</c>, sorted. A uid is 32 hexadecimal digits,
/// <c>f0</c> the first 16 of them and <c>f1</c> the last.
/// </summary>
public static partial class UidFile
{
    /// <summary>What their names end in.</summary>
    public const string Extension = ".npy";

    private const int UidBytes = 16;
    private const int Digits = 32;
    private const int LongestHeader = 1 << 16;
    private const int BytesAtOnce = 1 << 20;
    private const int HeaderAlignment = 64;
    private const int RoomForCount = 21; // NumPy leaves so many digits' room, so that a file can grow in its place

    /// <summary>The uid of a text.</summary>
    /// <returns>Whether it is one: 32 hexadecimal digits.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out UInt128 uid)
    {
        uid = default;
        return text.Length == Digits && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uid);
    }

    /// <summary>Reads a file: 16 bytes of memory a uid.</summary>
    /// <param name="path">The file.</param>
    /// <param name="say">Hears of a file that is not sorted, or has uids twice.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The uids in order, each once.</returns>
    /// <exception cref="ConfigException">It cannot be read, is of another type, or is cut.</exception>
    public static UInt128[] Read(string path, Action<string>? say = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var file = PlainFile.OpenRead(path, FileOptions.SequentialScan);
            var uids = new UInt128[CountOf(file)];
            var isSorted = ReadInto(uids, file, cancellation);
            if (!isSorted)
            {
                say?.Invoke($"'{path}' is not sorted, and is sorted in memory.");
                Array.Sort(uids);
            }

            var distinct = Distinct(uids);
            if (distinct < uids.Length)
            {
                say?.Invoke(FormattableString.Invariant($"'{path}' has {uids.Length - distinct:N0} uids more than once; they count once."));
                Array.Resize(ref uids, distinct);
            }

            return uids;
        }
        catch (InvalidDataException e)
        {
            throw new ConfigException($"'{path}' is no file of uids: it {e.Message}. Expected: NumPy's .npy of the type [('f0', '<u8'), ('f1', '<u8')].");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Writes a file, sorted, each uid once, as NumPy's <c>save</c> would.</summary>
    /// <param name="path">The file.</param>
    /// <param name="uids">The uids in any order; they are sorted in place.</param>
    /// <returns>How many were written.</returns>
    public static int Write(string path, UInt128[] uids)
    {
        ArgumentNullException.ThrowIfNull(uids);
        Array.Sort(uids);
        var count = Distinct(uids);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Header(count));
            var block = new byte[BytesAtOnce];
            for (var first = 0; first < count; first += block.Length / UidBytes)
            {
                var some = uids.AsSpan(first, Math.Min(block.Length / UidBytes, count - first));
                for (var i = 0; i < some.Length; i++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(i * UidBytes), (ulong)(some[i] >> 64));
                    BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan((i * UidBytes) + sizeof(ulong)), (ulong)some[i]);
                }

                stream.Write(block.AsSpan(0, some.Length * UidBytes));
            }
        });
        return count;
    }

    /// <summary>The number of uids by the header, which the file's length must agree with; the file is at the first one then.</summary>
    private static int CountOf(FileStream file)
    {
        var beginning = new byte[Math.Min(file.Length, LongestHeader)];
        file.ReadExactly(beginning);
        var (header, start) = NumpyHeader.Read(beginning);
        var found = UidHeader().Match(header);
        if (!found.Success)
        {
            throw new InvalidDataException("is of another type or shape: " + header.Trim()[..Math.Min(header.Trim().Length, 200)]);
        }

        if (!int.TryParse(found.Groups["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > Array.MaxLength)
        {
            throw new InvalidDataException($"claims {found.Groups["count"].Value} uids, more than are read at once");
        }

        if (file.Length - start != (long)count * UidBytes)
        {
            throw new InvalidDataException(FormattableString.Invariant($"has {file.Length - start:N0} bytes for {count:N0} uids of {UidBytes}; it is cut, or has more behind it"));
        }

        file.Position = start;
        return count;
    }

    /// <summary>Reads all uids.</summary>
    /// <returns>Whether they are in order; equal ones may stand beside each other.</returns>
    private static bool ReadInto(UInt128[] uids, FileStream file, CancellationToken cancellation)
    {
        var isSorted = true;
        var block = new byte[BytesAtOnce];
        for (var i = 0; i < uids.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var some = block.AsSpan(0, (int)Math.Min(block.Length, (uids.Length - i) * (long)UidBytes));
            file.ReadExactly(some);
            for (var at = 0; at < some.Length; at += UidBytes, i++)
            {
                uids[i] = new UInt128(BinaryPrimitives.ReadUInt64LittleEndian(some[at..]), BinaryPrimitives.ReadUInt64LittleEndian(some[(at + sizeof(ulong))..]));
                isSorted &= i == 0 || uids[i - 1] <= uids[i];
            }
        }

        return isSorted;
    }

    /// <summary>Moves the different ones of a sorted array to its beginning, and counts them.</summary>
    internal static int Distinct(UInt128[] sorted)
    {
        var count = 0;
        foreach (var uid in sorted)
        {
            if (count == 0 || sorted[count - 1] != uid)
            {
                sorted[count++] = uid;
            }
        }

        return count;
    }

    private static byte[] Header(int count)
    {
        var digits = count.ToString(CultureInfo.InvariantCulture);
        var text = $"{{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': ({digits},), }}{new string(' ', RoomForCount - digits.Length)}";
        var padding = HeaderAlignment - ((NumpyHeader.FixedBytes + text.Length + 1) % HeaderAlignment);
        text += new string(' ', padding) + "\n";
        var header = new byte[NumpyHeader.FixedBytes + text.Length];
        NumpyHeader.Magic.CopyTo(header);
        (header[6], header[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text, header.AsSpan(NumpyHeader.FixedBytes));
        return header;
    }

    [GeneratedRegex(
        @"^\s*\{'descr':\s*\[\('\w+',\s*'<u8'\),\s*\('\w+',\s*'<u8'\)\],\s*'fortran_order':\s*(?:True|False),\s*'shape':\s*\((?<count>\d+),\),?\s*\}\s*$",
        RegexOptions.NonBacktracking)]
    private static partial Regex UidHeader();
}
