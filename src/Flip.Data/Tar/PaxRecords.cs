using System.Buffers.Text;

namespace Flip.Data.Tar;

/// <summary>
/// The records of a pax header, <c>LENGTH KEY=VALUE\n</c> with the length of the whole record in bytes: values may have line breaks and any other bytes.
/// Records of other keys are passed over without reading their values, which may be large (macOS keeps resource forks there).
/// </summary>
internal static class PaxRecords
{
    public const string Path = "path";
    public const string LinkPath = "linkpath";
    public const string Size = "size";
    public const string SparseName = "GNU.sparse.name";
    public const string SparseMap = "GNU.sparse.map";
    public const string SparseMajor = "GNU.sparse.major";
    public const string SparseMinor = "GNU.sparse.minor";
    public const string SparseSize = "GNU.sparse.size";
    public const string SparseRealSize = "GNU.sparse.realsize";
    public const string SparseOffset = "GNU.sparse.offset";
    public const string SparseLength = "GNU.sparse.numbytes";

    private const int LongestStart = 64; // a length of up to 20 digits, a blank, and the longest key that is read
    private const int LongestText = 1 << 15;
    private const int LongestMap = 1 << 20;
    private const int LongestNumber = 20;
    private const int MostNumbers = 1 << 18;
    private const int MostRecords = 1 << 20; // two for each piece of a sparse file, and attributes

    private static readonly HashSet<string> Keys =
    [
        Path, LinkPath, Size, SparseName, SparseMap, SparseMajor, SparseMinor, SparseSize, SparseRealSize, SparseOffset, SparseLength,
    ];

    /// <summary>Reads the records that say where a member's data are; of a key that is there twice the last one counts, as POSIX has it. The
    /// pieces of a sparse member, which are records of the same keys, are put together with commas as GNU's newer form has them.</summary>
    /// <param name="file">The archive.</param>
    /// <param name="start">Where the records begin.</param>
    /// <param name="end">Where they end.</param>
    /// <returns>Values by key; an empty one takes back what was said before.</returns>
    public static Dictionary<string, string> Read(Stream file, long start, long end)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var pieces = new List<string>();
        Span<byte> bytes = stackalloc byte[LongestStart];
        for (var records = 0; start < end; records++)
        {
            if (records == MostRecords)
            {
                throw new InvalidDataException(FormattableString.Invariant($"a pax header of more than {MostRecords:N0} records"));
            }

            var head = bytes[..(int)Math.Min(LongestStart, end - start)];
            file.Position = start;
            file.ReadExactly(head);
            if (!Utf8Parser.TryParse(head, out long length, out var digits) || length <= digits || length > end - start
                || digits == head.Length || head[digits] != ' ')
            {
                break; // zeros behind the last record, or none at all
            }

            var sign = head.IndexOf((byte)'=');
            if (sign > digits && sign < length && TarHeader.Text(head[(digits + 1)..sign]) is var key && Keys.Contains(key))
            {
                var isPiece = key is SparseOffset or SparseLength;
                var value = Value(file, start + sign + 1, start + length - 1, isPiece ? LongestNumber : key == SparseMap ? LongestMap : LongestText);
                if (!isPiece)
                {
                    values[key] = value;
                }
                else if (pieces.Count < MostNumbers)
                {
                    pieces.Add(value);
                }
            }

            start += length;
        }

        if (pieces.Count > 0)
        {
            values.TryAdd(SparseMap, string.Join(',', pieces));
        }

        return values;
    }

    private static string Value(Stream file, long start, long end, int longest)
    {
        var bytes = new byte[Math.Clamp(end - start, 0, longest)];
        file.Position = start;
        file.ReadExactly(bytes);
        return TarHeader.Text(bytes);
    }
}
