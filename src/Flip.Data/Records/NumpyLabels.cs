using System.Globalization;
using System.Text.RegularExpressions;

namespace Flip.Data.Records;

/// <summary>The labels of one image in NumPy's format (<c>.npy</c>): a number for each class, 0 where the image has none of it.</summary>
internal static partial class NumpyLabels
{
    /// <summary>The classes whose number is not 0.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <exception cref="BadSampleException">It is no vector of numbers, or has other numbers than its header says.</exception>
    public static (int[] Labels, int Classes) Read(ReadOnlySpan<byte> file)
    {
        string header;
        int start;
        try
        {
            (header, start) = NumpyHeader.Read(file);
        }
        catch (InvalidDataException e)
        {
            throw Bad($"it {e.Message}");
        }

        var found = VectorHeader().Match(header);
        if (!found.Success || !int.TryParse(found.Groups["count"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            throw Bad("it is no vector of numbers");
        }

        var size = found.Groups["size"].Value[0] - '0';
        var isFloat = found.Groups["type"].Value == "f";
        var data = file[start..];
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
