using System.Diagnostics;

namespace Flip.Data.Images.Augmentation;

/// <summary>Changes of colour that map each level by itself, equal to Pillow's to the bit. Pixels are RGB, three bytes each, changed in place.</summary>
internal static class PixelLevels
{
    private const int Levels = 256;

    /// <summary>Stretches each channel to 0..255.</summary>
    public static void AutoContrast(Span<byte> pixels) => PerChannel(pixels, histogram =>
    {
        var (low, high) = (Array.FindIndex(histogram, n => n > 0), Array.FindLastIndex(histogram, n => n > 0));
        var scale = 255.0 / (high - low);
        return high <= low ? null : level => (int)((level * scale) - (low * scale));
    });

    /// <summary>Makes the levels of each channel equally frequent.</summary>
    public static void Equalize(Span<byte> pixels) => PerChannel(pixels, histogram =>
    {
        var step = (histogram.Sum() - histogram.Last(n => n > 0)) / 255;
        if (step == 0)
        {
            return null;
        }

        var below = new int[Levels];
        for (var (level, sum) = (0, step / 2); level < Levels; sum += histogram[level++])
        {
            below[level] = sum / step;
        }

        return level => below[level];
    });

    /// <summary>255 - level.</summary>
    public static void Invert(Span<byte> pixels) => Map(pixels, level => 255 - level);

    /// <summary>Keeps the upper bits of each level.</summary>
    /// <param name="pixels">RGB.</param>
    /// <param name="bits">0 to 8.</param>
    public static void Posterize(Span<byte> pixels, int bits) => Map(pixels, level => level & ~((1 << (8 - bits)) - 1));

    /// <summary>Inverts levels from a threshold on.</summary>
    /// <param name="pixels">RGB.</param>
    /// <param name="threshold">0 to 256.</param>
    public static void Solarize(Span<byte> pixels, int threshold) => Map(pixels, level => level < threshold ? level : 255 - level);

    /// <summary>Raises levels below 128.</summary>
    /// <param name="pixels">RGB.</param>
    /// <param name="add">0 to 128.</param>
    public static void SolarizeAdd(Span<byte> pixels, int add) => Map(pixels, level => level < Levels / 2 ? level + add : level);

    private static void Map(Span<byte> pixels, Func<int, int> change)
    {
        var table = Table(change);
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = table[pixels[i]];
        }
    }

    /// <param name="pixels">RGB.</param>
    /// <param name="choose">The change for a channel's histogram; null for none.</param>
    private static void PerChannel(Span<byte> pixels, Func<int[], Func<int, int>?> choose)
    {
        Debug.Assert(pixels.Length % 3 == 0, "Three bytes a pixel.");
        for (var channel = 0; channel < 3; channel++)
        {
            var histogram = new int[Levels];
            for (var i = channel; i < pixels.Length; i += 3)
            {
                histogram[pixels[i]]++;
            }

            if (choose(histogram) is { } change)
            {
                var table = Table(change);
                for (var i = channel; i < pixels.Length; i += 3)
                {
                    pixels[i] = table[pixels[i]];
                }
            }
        }
    }

    private static byte[] Table(Func<int, int> change) =>
        [.. Enumerable.Range(0, Levels).Select(level => (byte)Math.Clamp(change(level), 0, 255))];
}
