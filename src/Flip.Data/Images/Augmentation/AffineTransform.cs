namespace Flip.Data.Images.Augmentation;

/// <summary>
/// Affine changes of shape with Pillow's bicubic filter (a = -1, edges repeated, levels cut off). Pixels are RGB, three bytes each, changed in place;
/// what comes from outside the image has the fill colour.
/// </summary>
internal static class AffineTransform
{
    /// <summary>Rotates about the middle, counter-clockwise.</summary>
    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="degrees">Angle, in (-90, 90).</param>
    /// <param name="fill">Colour from outside.</param>
    public static void Rotate(Span<byte> pixels, int width, double degrees, ReadOnlySpan<byte> fill)
    {
        if (degrees == 0)
        {
            return;
        }

        var (centreX, centreY) = (width / 2.0, pixels.Length / 3 / width / 2.0);
        var (sine, cosine) = (Math.Round(Math.Sin(-degrees * Math.PI / 180), 15), Math.Round(Math.Cos(-degrees * Math.PI / 180), 15));
        Apply(
            pixels,
            width,
            [
                cosine, sine, (cosine * -centreX) + (sine * -centreY) + centreX,
                -sine, cosine, (-sine * -centreX) + (cosine * -centreY) + centreY,
            ],
            fill);
    }

    /// <summary>Moves rows sideways by a factor on their height.</summary>
    public static void ShearX(Span<byte> pixels, int width, double factor, ReadOnlySpan<byte> fill) =>
        Apply(pixels, width, [1, factor, 0, 0, 1, 0], fill);

    /// <summary>Moves columns up or down by a factor on their place.</summary>
    public static void ShearY(Span<byte> pixels, int width, double factor, ReadOnlySpan<byte> fill) =>
        Apply(pixels, width, [1, 0, 0, factor, 1, 0], fill);

    /// <summary>Moves by a share of the width.</summary>
    public static void TranslateX(Span<byte> pixels, int width, double share, ReadOnlySpan<byte> fill) =>
        Apply(pixels, width, [1, 0, share * width, 0, 1, 0], fill);

    /// <summary>Moves by a share of the height.</summary>
    public static void TranslateY(Span<byte> pixels, int width, double share, ReadOnlySpan<byte> fill) =>
        Apply(pixels, width, [1, 0, 0, 0, 1, share * (pixels.Length / 3 / width)], fill);

    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="matrix">From a place of the result to one of the source: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5.</param>
    /// <param name="fill">Colour from outside.</param>
    private static void Apply(Span<byte> pixels, int width, ReadOnlySpan<double> matrix, ReadOnlySpan<byte> fill)
    {
        var source = pixels.ToArray();
        var height = pixels.Length / 3 / width;
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (centreX, centreY) = (x + 0.5, y + 0.5);
                var fromX = (matrix[0] * centreX) + (matrix[1] * centreY) + matrix[2];
                var fromY = (matrix[3] * centreX) + (matrix[4] * centreY) + matrix[5];
                var target = pixels.Slice(((y * width) + x) * 3, 3);
                if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height)
                {
                    fill.CopyTo(target);
                }
                else
                {
                    Sample(source, width, height, fromX - 0.5, fromY - 0.5, target);
                }
            }
        }
    }

    private static void Sample(byte[] source, int width, int height, double atX, double atY, Span<byte> target)
    {
        var (left, top) = ((int)Math.Floor(atX), (int)Math.Floor(atY));
        var (dx, dy) = (atX - left, atY - top);
        Span<int> columns = stackalloc int[4];
        Span<int> rows = stackalloc int[4];
        for (var i = 0; i < 4; i++)
        {
            columns[i] = Math.Clamp(left - 1 + i, 0, width - 1) * 3;
            rows[i] = Math.Clamp(top - 1 + i, 0, height - 1) * width * 3;
        }

        for (var c = 0; c < 3; c++)
        {
            double Row(ReadOnlySpan<int> at, int row) =>
                Cubic(source[row + at[0] + c], source[row + at[1] + c], source[row + at[2] + c], source[row + at[3] + c], dx);
            var level = Cubic(Row(columns, rows[0]), Row(columns, rows[1]), Row(columns, rows[2]), Row(columns, rows[3]), dy);
            target[c] = (byte)Math.Clamp(level, 0, 255);
        }
    }

    private static double Cubic(double a, double b, double c, double d, double x) =>
        b + (x * (c - a + (x * ((2 * (a - b)) + c - d + (x * (b - a - c + d))))));
}
