using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Flip.Search.Vectors;

/// <summary>
/// Holds a file of USearch to a description before USearch sees it: its library follows lengths, counts and neighbours without a look at where they lead.
/// The file is a matrix (rows and bytes of a row as 32-bit numbers, then the vectors), a head of 64 bytes, and the graph: a head of five 64-bit numbers, a 16-bit
/// level of each vector, and for each vector its key (64 bits), its level again, and its neighbours on each level: a 32-bit count, and room for M of them (2 M on the lowest).
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="layout">What it has to be.</param>
internal sealed unsafe class GraphCheck(string path, VectorLayout layout)
{
    private const int MatrixHead = 8;
    private const int Head = 64;
    private const int GraphHead = 40;
    private const int LevelBytes = 2;
    private const int NodeHead = 8 + LevelBytes;
    private const int SlotBytes = 4;
    private const int MostLevels = 64; // of M neighbours a level has 1 / M of the vectors of the one below
    private const ushort Major = 2;

    /// <summary>Where the vectors begin in the file.</summary>
    public static int VectorsAt => MatrixHead;

    private long NeighboursBytes => SlotBytes + ((long)SlotBytes * layout.Graph.Connectivity);

    private long LowestBytes => SlotBytes + (2L * SlotBytes * layout.Graph.Connectivity);

    /// <summary>Bytes of a file at least; what is shorter is not looked at further.</summary>
    /// <param name="rows">Its vectors.</param>
    public long LeastBytes(int rows) => MatrixHead + Head + GraphHead + (rows * (layout.VectorBytes + LevelBytes + NodeHead + LowestBytes));

    /// <summary>Checks a file, and reads the keys of its vectors.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="length">How many there are.</param>
    /// <param name="rows">Vectors that the description promises, at least 1.</param>
    /// <returns>The key of each vector, <c>[rows]</c>.</returns>
    /// <exception cref="IndexFormatException">Something is otherwise.</exception>
    public long[] Keys(byte* file, long length, int rows)
    {
        Require(length >= LeastBytes(rows), $"it has {length:N0} bytes, and {rows:N0} vectors take at least {LeastBytes(rows):N0}");
        Require(Read<uint>(file) == rows && Read<uint>(file + 4) == layout.VectorBytes,
            $"it has {Read<uint>(file):N0} vectors of {Read<uint>(file + 4):N0} bytes, and {rows:N0} of {layout.VectorBytes:N0} are expected");
        var head = file + MatrixHead + ((long)rows * layout.VectorBytes);
        CheckHead(new ReadOnlySpan<byte>(head, Head), rows);
        var graph = head + Head;
        var (connectivity, lowest, entry) = (Read<ulong>(graph + 8), Read<ulong>(graph + 16), Read<ulong>(graph + 32));
        var levels = (short*)(graph + GraphHead);
        Require(Read<ulong>(graph) == (ulong)rows, "its graph has another number of vectors than its matrix");
        Require(connectivity == (ulong)layout.Graph.Connectivity && lowest == 2 * connectivity, $"its graph has {connectivity} and {lowest} neighbours a vector, and not {layout.Graph.Connectivity} and twice as many");
        Require(entry < (ulong)rows && Read<ulong>(graph + 24) < MostLevels, "its graph begins nowhere");
        Require((ulong)Level(levels, (long)entry) == Read<ulong>(graph + 24), "its graph does not begin on its highest level");
        return Nodes(levels, (byte*)(levels + rows), file + length, rows, Level(levels, (long)entry));
    }

    private void CheckHead(ReadOnlySpan<byte> head, int rows)
    {
        Require(head.StartsWith("usearch"u8), "it is no file of USearch");
        Require(BinaryPrimitives.ReadUInt16LittleEndian(head[7..]) == Major, $"it is of version {BinaryPrimitives.ReadUInt16LittleEndian(head[7..])} of USearch, and {Major} is read");
        var scalar = layout.Format switch { VectorFormat.Fp32 => 11, VectorFormat.Fp16 => 12, _ => 23 };
        Require(head[13] == 'c' && head[14] == scalar && head[15] == 14 && head[16] == 15, $"its metric or number formats are not cosine and {layout.Format}");
        var (present, deleted, dim) = (
            BinaryPrimitives.ReadUInt64LittleEndian(head[17..]), BinaryPrimitives.ReadUInt64LittleEndian(head[25..]), BinaryPrimitives.ReadUInt64LittleEndian(head[33..]));
        Require(present == (ulong)rows && deleted == 0, $"it says that it has {present:N0} vectors and {deleted:N0} removed ones, and {rows:N0} are expected");
        Require(dim == (ulong)layout.Dim, $"its vectors have {dim:N0} numbers, and {layout.Dim:N0} are expected");
        Require(head[41] == 0, "it holds several vectors of a key");
    }

    /// <summary>Follows every list of neighbours: each has to fit in its room, and to lead to a vector that is on that level.</summary>
    private long[] Nodes(short* levels, byte* node, byte* end, int rows, int highest)
    {
        var keys = new long[rows];
        for (var row = 0; row < rows; row++)
        {
            var level = Level(levels, row);
            Require(level >= 0 && level <= highest, $"vector {row:N0} is on level {level} of {highest}");
            var bytes = NodeHead + LowestBytes + (level * NeighboursBytes);
            Require(end - node >= bytes, $"it ends within vector {row:N0}");
            keys[row] = Read<long>(node);
            Require(keys[row] >= 0 && Read<short>(node + 8) == level, $"vector {row:N0} has two levels, or no key");
            var list = node + NodeHead;
            for (var at = 0; at <= level; list += at++ == 0 ? LowestBytes : NeighboursBytes)
            {
                var (count, most) = (Read<uint>(list), (uint)(at == 0 ? 2 * layout.Graph.Connectivity : layout.Graph.Connectivity));
                Require(count <= most, $"vector {row:N0} has {count:N0} neighbours, more than {most}");
                for (var i = 0; i < count; i++)
                {
                    var neighbour = Read<uint>(list + SlotBytes + ((long)SlotBytes * i));
                    Require(neighbour < rows && Level(levels, neighbour) >= at, $"a neighbour of vector {row:N0} is not there");
                }
            }

            node += bytes;
        }

        Require(node == end, $"{end - node:N0} bytes are left behind its last vector");
        return keys;
    }

    private static T Read<T>(byte* at)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(at);

    private static short Level(short* levels, long row) => Unsafe.ReadUnaligned<short>(levels + row);

    private void Require([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Problem problem)
    {
        if (!holds)
        {
            throw new IndexFormatException(path, problem.Text());
        }
    }

    private void Require([System.Diagnostics.CodeAnalysis.DoesNotReturnIf(false)] bool holds, string problem)
    {
        if (!holds)
        {
            throw new IndexFormatException(path, problem);
        }
    }

    /// <summary>A message that is written only where it is needed: a check is made for every neighbour.</summary>
    [InterpolatedStringHandler]
    private ref struct Problem
    {
        private DefaultInterpolatedStringHandler _text;

        public Problem(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount, System.Globalization.CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

        public string Text() => _text.ToStringAndClear();
    }
}
