using System.Text.RegularExpressions;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>Reads sizes off a checkpoint's tensors, for formats that have no configuration.</summary>
internal sealed partial class StateShapes(ITensorSource weights)
{
    /// <summary>A size of a tensor.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="axis">Which axis; negative counts from the end.</param>
    /// <exception cref="CheckpointFormatException">There is no such tensor or axis.</exception>
    public int Size(string name, int axis)
    {
        var shape = weights.Describe(name).Shape;
        var index = axis < 0 ? shape.Count + axis : axis;
        return index >= 0 && index < shape.Count && shape[index] is > 0 and <= int.MaxValue
            ? (int)shape[index]
            : throw new CheckpointFormatException(weights.Path, name, $"shape [{string.Join(", ", shape)}] is not that of such a model");
    }

    /// <summary>Blocks of a tower: one more than the highest number behind a prefix.</summary>
    /// <param name="prefix">What stands before the number in the tensors' names.</param>
    public int Depth(string prefix) => weights.Names
        .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
        .Select(name => LeadingNumber().Match(name[prefix.Length..]))
        .Where(match => match.Success && match.Value.Length < 6)
        .Select(match => int.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture) + 1)
        .DefaultIfEmpty(0)
        .Max();

    /// <summary>Patches along a side, from the rows of a position table.</summary>
    /// <exception cref="CheckpointFormatException">They are no square.</exception>
    public int Grid(string positions, int extraRows) => IsGrid(positions, extraRows)
        ? Side(Size(positions, -2) - extraRows)
        : throw new CheckpointFormatException(weights.Path, positions, $"{Size(positions, -2) - extraRows} patches are no square");

    /// <summary>Pixels along a side of an image: of its patches.</summary>
    /// <inheritdoc cref="Grid" path="/exception"/>
    public int ImageSize(int patchSize, string positions, int extraRows) =>
        (int)Math.Min(int.MaxValue, (long)patchSize * Grid(positions, extraRows)); // the settings' range refuses the largest

    /// <summary>Whether the rows of a position table but for some are those of a square of patches.</summary>
    public bool IsGrid(string positions, int extraRows)
    {
        var rows = Size(positions, -2) - extraRows;
        return rows > 0 && (long)Side(rows) * Side(rows) == rows;
    }

    private static int Side(int patches) => (int)Math.Round(Math.Sqrt(patches));

    [GeneratedRegex(@"^\d+")]
    private static partial Regex LeadingNumber();
}
