using System.Buffers;
using Flip.Data.Images;

namespace Flip.Ingest.Packing;

/// <summary>
/// 64 bits of what an image looks like: whether each of the 64 lowest frequencies of its brightness, 32×32 pixels, is above their median. Copies at another size or quality differ in a few bits.
/// Why it is written here: packages for it on NuGet are of other libraries' images, and these pixels are here already.
/// </summary>
internal static class PerceptualHash
{
    private const int Side = 32;
    private const int Frequencies = 8;
    private const double Flat = 1; // levels: an image without any pattern has no look of its own

    /// <summary>cos((2x + 1)uπ / 64) for the frequencies 1 to 8.</summary>
    private static readonly double[][] Cosines = [.. Enumerable.Range(1, Frequencies).Select(
        u => Enumerable.Range(0, Side).Select(x => Math.Cos(((2 * x) + 1) * u * Math.PI / (2 * Side))).ToArray())];

    /// <summary>The hash of an image file; null of one without a pattern.</summary>
    /// <param name="encoded">The file's bytes, of a usable image.</param>
    /// <param name="pixelLimit">Width times height above which an image is refused.</param>
    public static ulong? Of(ReadOnlySpan<byte> encoded, long pixelLimit = ImageDecoder.DefaultPixelLimit)
    {
        var (width, height) = (0, 0);
        using var region = ImageDecoder.DecodeRegion(encoded, (w, h) => (CropBox.Whole(width = w, height = h), ReducedDecoding.Of(Math.Min(w, h) / (double)Side)), pixelLimit);
        var rgb = ArrayPool<byte>.Shared.Rent(Side * Side * 3);
        try
        {
            var pixels = rgb.AsSpan(0, Side * Side * 3);
            Resampler.Resize(region.Image, region.Columns(0, width, Side), region.Rows(0, height, Side), mirror: false, pixels);
            return Of(Brightness(pixels));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgb);
        }
    }

    private static double[] Brightness(ReadOnlySpan<byte> rgb)
    {
        var levels = new double[Side * Side];
        for (var i = 0; i < levels.Length; i++)
        {
            levels[i] = (0.299 * rgb[3 * i]) + (0.587 * rgb[(3 * i) + 1]) + (0.114 * rgb[(3 * i) + 2]);
        }

        return levels;
    }

    private static ulong? Of(double[] levels)
    {
        var rows = new double[Frequencies * Side]; // [u, y]
        for (var u = 0; u < Frequencies; u++)
        {
            for (var y = 0; y < Side; y++)
            {
                for (var x = 0; x < Side; x++)
                {
                    rows[(u * Side) + y] += levels[(y * Side) + x] * Cosines[u][x];
                }
            }
        }

        var all = new double[Frequencies * Frequencies];
        for (var i = 0; i < all.Length; i++)
        {
            var (v, u) = Math.DivRem(i, Frequencies);
            for (var y = 0; y < Side; y++)
            {
                all[i] += rows[(u * Side) + y] * Cosines[v][y];
            }
        }

        if (all.Max(Math.Abs) < Flat * Side)
        {
            return null;
        }

        var median = all.Order().ElementAt(all.Length / 2);
        var hash = 0UL;
        for (var i = 0; i < all.Length; i++)
        {
            hash |= all[i] >= median ? 1UL << i : 0;
        }

        return hash;
    }
}
