using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Position tables of the image tower.</summary>
public static class PositionEmbedding
{
    /// <summary>
    /// The fixed 2-D sine-cosine table: the first half of the channels encodes the column, the second the row, each its sines
    /// and then its cosines. Arithmetic in fp32, as the references have it.
    /// </summary>
    /// <param name="grid">Patches along a side.</param>
    /// <param name="width">Channels, a multiple of 4.</param>
    /// <param name="trainedGrid">Patches along a side when the weights were trained. Another size stretches the coordinates
    /// over the same range, which is what interpolating the table approximates.</param>
    /// <returns><c>[grid × grid, width]</c>, row by row.</returns>
    public static float[] SinCos(int grid, int width, int trainedGrid)
    {
        if (width % 4 != 0)
        {
            throw new ArgumentException($"A 2-D sine-cosine table needs a width that is a multiple of 4, not {width}.", nameof(width));
        }

        var quarter = width / 4;
        var table = new float[grid * grid * width];
        for (var row = 0; row < grid; row++)
        {
            for (var column = 0; column < grid; column++)
            {
                var entry = table.AsSpan(((row * grid) + column) * width, width);
                FillAxis(entry[..(2 * quarter)], Coordinate(column, grid, trainedGrid));
                FillAxis(entry[(2 * quarter)..], Coordinate(row, grid, trainedGrid));
            }
        }

        return table;
    }

    /// <summary>Resizes a learned table to another grid: bicubic, corners not aligned, rows before the grid untouched. The table's own grid leaves
    /// every bit as it is.</summary>
    /// <param name="table"><c>[extra + from × from, width]</c>, fp32.</param>
    /// <param name="extra">Rows that are no patch: 1 with a class token that has a position, else 0.</param>
    /// <param name="grid">Patches along a side wanted.</param>
    /// <param name="kind">With or without antialiasing. It matters for a larger grid too: the two kernels differ.</param>
    /// <returns><c>[extra + grid × grid, width]</c>.</returns>
    public static Tensor Resize(Tensor table, int extra, int grid, PositionResize kind)
    {
        var (rows, width) = (table.shape[0] - extra, table.shape[1]);
        var from = (long)Math.Round(Math.Sqrt(rows));
        if (from * from != rows)
        {
            throw new ArgumentException($"A position table of {rows} patches is not square.", nameof(table));
        }

        if (from == grid)
        {
            return table.alias();
        }

        using var scope = NewDisposeScope();
        var image = table.narrow(0, extra, rows).view(1, from, from, width).permute(0, 3, 1, 2);
        var resized = nn.functional.interpolate(
            image, size: [grid, grid], mode: InterpolationMode.Bicubic, align_corners: false, antialias: kind == PositionResize.BicubicAntialias);
        var patches = resized.permute(0, 2, 3, 1).reshape(grid * grid, width);
        return (extra == 0 ? patches : cat([table.narrow(0, 0, extra), patches], 0)).MoveToOuterDisposeScope();
    }

    private static float Coordinate(int index, int grid, int trainedGrid) =>
        grid == trainedGrid ? index : (((index + 0.5f) * trainedGrid) / grid) - 0.5f;

    private static void FillAxis(Span<float> channels, float position)
    {
        var count = channels.Length / 2;
        for (var i = 0; i < count; i++)
        {
            var frequency = 1f / MathF.Pow(10000f, (float)i / count);
            channels[i] = MathF.Sin(position * frequency);
            channels[count + i] = MathF.Cos(position * frequency);
        }
    }
}
