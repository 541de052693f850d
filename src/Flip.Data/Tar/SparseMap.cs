using System.Globalization;
using System.Text;

namespace Flip.Data.Tar;

/// <summary>The pieces of a member of which tar leaves out holes of zeros; they are stored one behind the other.</summary>
/// <param name="Pieces">Place in the whole and length of each, ascending.</param>
internal sealed record SparseMap(IReadOnlyList<(long Offset, long Length)> Pieces)
{
    private const int MostPieces = 1 << 16;
    private const int OldPiece = 24; // two numbers of 12 bytes

    /// <summary>Whether it is stored whole after all, as GNU tar does with files that a file system compresses.</summary>
    public bool IsWhole(long length) => Pieces.Where(piece => piece.Length > 0).ToList() is var some
        && (length == 0 ? some.Count == 0 : some is [(0, var only)] && only == length);

    /// <summary>Whether the pieces lie in the whole, one behind the other, and in what is stored.</summary>
    public bool Fits(long length, long stored)
    {
        var end = 0L;
        foreach (var piece in Pieces)
        {
            // Each comparison keeps the next sum within range.
            if (piece.Offset < end || piece.Length < 0 || piece.Offset > length || piece.Length > length - piece.Offset || piece.Length > stored)
            {
                return false;
            }

            (end, stored) = (piece.Offset + piece.Length, stored - piece.Length);
        }

        return true;
    }

    /// <summary>GNU's forms 0.0 and 0.1: numbers with commas between them; null for anything else.</summary>
    public static SparseMap? OfText(string numbers)
    {
        var pieces = new List<(long, long)>();
        long? offset = null;
        foreach (var part in numbers.AsSpan().Split(','))
        {
            if (!long.TryParse(numbers.AsSpan(part), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || pieces.Count == MostPieces)
            {
                return null;
            }

            if (offset is { } first)
            {
                pieces.Add((first, number));
                offset = null;
            }
            else
            {
                offset = number;
            }
        }

        return offset is null ? new SparseMap(pieces) : null;
    }

    /// <summary>GNU's form 1.0: lines before the data, the number of pieces and two numbers each, filled up to a block.</summary>
    /// <param name="file">The archive, where the lines begin; left behind their last block.</param>
    /// <param name="end">Where the member ends.</param>
    /// <returns>Null for anything else.</returns>
    public static SparseMap? OfLines(Stream file, long end)
    {
        var block = new byte[TarHeader.BlockSize];
        var (numbers, line) = (new List<string>(), new StringBuilder());
        var lines = 1;
        while (numbers.Count < lines)
        {
            if (line.Length > TarHeader.BlockSize || end - file.Position < TarHeader.BlockSize)
            {
                return null;
            }

            file.ReadExactly(block);
            foreach (var letter in block)
            {
                if (letter != '\n')
                {
                    line.Append((char)letter);
                    continue;
                }

                numbers.Add(line.ToString());
                line.Clear();
                if (numbers.Count == 1)
                {
                    if (!int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pieces) || pieces > MostPieces)
                    {
                        return null;
                    }

                    lines += 2 * pieces;
                }

                if (numbers.Count == lines)
                {
                    break;
                }
            }
        }

        return lines == 1 ? new SparseMap([]) : OfText(string.Join(',', numbers.Skip(1)));
    }

    /// <summary>GNU's old form: a table in the header and in blocks behind it.</summary>
    /// <param name="file">The archive, behind the header; left behind the last block of the table.</param>
    /// <param name="table">The beginning of the table, in the header.</param>
    /// <param name="continues">Whether blocks follow.</param>
    /// <returns>Null for a table that is too long.</returns>
    public static SparseMap? OfTable(Stream file, ReadOnlySpan<byte> table, bool continues)
    {
        var pieces = new List<(long, long)>();
        var block = new byte[TarHeader.BlockSize];
        AddRows(table, pieces);
        while (continues)
        {
            file.ReadExactly(block);
            AddRows(block.AsSpan(0, 21 * OldPiece), pieces);
            continues = block[504] != 0;
        }

        return pieces.Count <= MostPieces ? new SparseMap(pieces) : null;
    }

    private static void AddRows(ReadOnlySpan<byte> table, List<(long, long)> pieces)
    {
        for (; table.Length >= OldPiece && pieces.Count <= MostPieces; table = table[OldPiece..])
        {
            // A row of zeros fills the table up; a piece of no bytes at the end says how long a file is that ends with a hole.
            if (TarHeader.Number(table[..12]) is { } offset && TarHeader.Number(table[12..OldPiece]) is { } length && (offset, length) != (0, 0))
            {
                pieces.Add((offset, length));
            }
        }
    }
}
