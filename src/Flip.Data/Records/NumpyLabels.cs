using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Flip.Data.Records;

/// <summary>The labels of one image in NumPy's format (<c>.npy</c>): a number for each class, 0 where the image has none of it.</summary>
internal static partial class NumpyLabels
{
    private const int FixedBytes = 10;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The classes whose number is not 0.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <exception cref="BadSampleException">It is no vector of numbers, or has other numbers than its header says.</exception>
    public static (int[] Labels, int Classes) Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < FixedBytes || !file.StartsWith(Magic) || file[6] is < 1 or > 3)
        {
            throw Bad("it does not begin as .npy files do");
        }

        // Version 1 has two bytes for the header's length, the later ones four.
        var start = file[6] == 1 ? FixedBytes : FixedBytes + 2;
        var headerBytes = file[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..])
            : file.Length >= start ? BinaryPrimitives.ReadUInt32LittleEndian(file[8..])
            : uint.MaxValue;
        if (headerBytes > file.Length - start)
        {
            throw Bad("it ends inside its header");
        }

        var header = Encoding.Latin1.GetString(file.Slice(start, (int)headerBytes));
        var found = VectorHeader().Match(header);
        if (!found.Success || !int.TryParse(found.Groups["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            throw Bad("it is no vector of numbers");
        }

        var size = found.Groups["size"].Value[0] - '0';
        var isFloat = found.Groups["type"].Value == "f";
        var data = file[(start + (int)headerBytes)..];
        if (data.Length != (long)count * size)
        {
            throw Bad($"it has {data.Length} bytes for {count} numbers of {size}");
        }

        var labels = new List<int>();
        for (var i = 0; i < count; i++)
        {
            // 0 of every type has all bytes 0, but for the sign of a negative zero.
            var number = data.Slice(i * size, size);
            if (number[..^1].ContainsAnyExcept((byte)0) || (number[^1] != 0 && !(isFloat && number[^1] == 0x80)))
            {
                labels.Add(i);
            }
        }

        return ([.. labels], count);
    }

    private static BadSampleException Bad(string problem) => new("labels not readable", $"its .npy is not readable: {problem}");

    [GeneratedRegex(
        @"'descr':\s*'[<|](?<type>b|i|u|f)(?<size>[1248])'.*'fortran_order':\s*(?:True|False).*'shape':\s*\((?<count>\d+),?\)",
        RegexOptions.NonBacktracking)]
    private static partial Regex VectorHeader();
}
