namespace Flip.Data.Images.Augmentation;

/// <summary>
/// Pillow's enhancements: each goes from a degenerate image (factor 0) through the image itself (factor 1) and beyond. Pixels are RGB, three bytes
/// each, changed in place; arithmetic in single precision and cut off, as there.
/// </summary>
internal static class Enhancement
{
    // ImageFilter.SMOOTH: five times the middle and once each neighbour, of thirteen.
    private const float Neighbour = 1f / 13;
    private const float Middle = 5f / 13;

    /// <summary>From gray.</summary>
    public static void Color(Span<byte> pixels, float factor)
    {
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var gray = Gray(pixels.Slice(i, 3));
            for (var c = 0; c < 3; c++)
            {
                pixels[i + c] = Blend(gray, pixels[i + c], factor);
            }
        }
    }

    /// <summary>From the mean gray.</summary>
    public static void Contrast(Span<byte> pixels, float factor)
    {
        var sum = 0L;
        for (var i = 0; i < pixels.Length; i += 3)
        {
            sum += Gray(pixels.Slice(i, 3));
        }

        var mean = (int)(((double)sum / (pixels.Length / 3)) + 0.5);
        foreach (ref var level in pixels)
        {
            level = Blend(mean, level, factor);
        }
    }

    /// <summary>From black.</summary>
    public static void Brightness(Span<byte> pixels, float factor)
    {
        foreach (ref var level in pixels)
        {
            level = Blend(0, level, factor);
        }
    }

    /// <summary>From a smoothed image, whose border is the image's own.</summary>
    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="factor">0 and up.</param>
    public static void Sharpness(Span<byte> pixels, int width, float factor)
    {
        var source = pixels.ToArray();
        var stride = width * 3;
        for (var row = stride; row < pixels.Length - stride; row += stride)
        {
            for (var i = row + 3; i < row + stride - 3; i++)
            {
                var sum = 0.5f;
                sum += Three(source, i + stride, Neighbour);
                sum += Three(source, i, Middle);
                sum += Three(source, i - stride, Neighbour);
                pixels[i] = Blend((byte)Math.Clamp(sum, 0, 255), source[i], factor);
            }
        }
    }

    private static float Three(byte[] source, int i, float middle) =>
        (source[i - 3] * Neighbour) + (source[i] * middle) + (source[i + 3] * Neighbour);

    private static byte Blend(int degenerate, int level, float factor) =>
        (byte)Math.Clamp(degenerate + (factor * (level - degenerate)), 0, 255);

    /// <summary>ITU-R 601-2 in 16 bits, rounded.</summary>
    private static int Gray(ReadOnlySpan<byte> pixel) => ((pixel[0] * 19595) + (pixel[1] * 38470) + (pixel[2] * 7471) + 0x8000) >> 16;
}
