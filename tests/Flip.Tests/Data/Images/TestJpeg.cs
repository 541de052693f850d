using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>JPEGs of kinds that Skia's encoder does not write, put together from gray ones that it does: their scans are those of single components.</summary>
internal static class TestJpeg
{
    private const int Width = 40;
    private const int Height = 24;

    public static byte[] Progressive(string name) => File.ReadAllBytes(SharedData.Golden($"images/{name}.jpg"));

    public static byte[] Baseline()
    {
        using var pattern = TestImages.Pattern(Width * 2, Height * 2);
        return TestImages.EncodeJpeg(pattern, SKJpegEncoderDownsample.Downsample420);
    }

    /// <summary>Three components, each in a scan of its own.</summary>
    public static byte[] NonInterleaved()
    {
        var planes = Enumerable.Range(0, 3).Select(c => Gray(Width, Height, c)).ToList();
        return
        [
            0xFF, 0xD8, .. Tables(planes[0]), .. Frame(Height, [1, 2, 3]),
            .. planes.SelectMany((plane, c) => Scan((byte)(c + 1)).Concat(Entropy(plane))), 0xFF, 0xD9,
        ];
    }

    /// <summary>A restart marker behind each row of blocks.</summary>
    public static byte[] WithRestarts()
    {
        var rows = Enumerable.Range(0, 12).Select(row => Gray(Width, 8, row)).ToList();
        byte[] interval = [0xFF, 0xDD, 0, 4, 0, Width / 8];
        var entropy = rows.SelectMany((row, i) => (byte[])(i == 0 ? Entropy(row) : [0xFF, (byte)(0xD0 + ((i - 1) % 8)), .. Entropy(row)])).ToArray();
        return [0xFF, 0xD8, .. Tables(rows[0]), .. Frame(12 * 8, [1]), .. interval, .. Scan(1), .. entropy, 0xFF, 0xD9];
    }

    /// <summary>A file with a segment behind its first marker that holds a whole JPEG, as EXIF holds thumbnails.</summary>
    public static byte[] WithThumbnail(byte[] jpeg)
    {
        byte[] content = [.. "Exif\0\0"u8, .. Gray(16, 16, 0)];
        return [.. jpeg[..2], 0xFF, 0xE1, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content, .. jpeg[2..]];
    }

    /// <summary>The place of a marker, whose segment must be there.</summary>
    public static int Find(byte[] jpeg, byte code)
    {
        var at = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, code]);
        Assert.True(at > 0);
        return at;
    }

    private static byte[] Gray(int width, int height, int phase)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque));
        var pixels = bitmap.GetPixelSpan();
        for (var i = 0; i < width * height; i++)
        {
            pixels[((i / width) * bitmap.RowBytes) + (i % width)] = (byte)(128 + (100 * Math.Sin((i % width * 0.4) + (i / width * 0.3) + phase)));
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    /// <summary>Everything between the first marker and the frame or scan that belongs to neither: quantization and Huffman tables.</summary>
    private static IEnumerable<byte> Tables(byte[] gray) => Segments(gray).Where(segment => segment[1] is 0xDB or 0xC4).SelectMany(bytes => bytes);

    private static IEnumerable<byte[]> Segments(byte[] jpeg)
    {
        for (var at = 2; jpeg[at + 1] != 0xDA;)
        {
            var length = 2 + (jpeg[at + 2] << 8) + jpeg[at + 3];
            yield return jpeg[at..(at + length)];
            at += length;
        }
    }

    private static byte[] Frame(int height, byte[] components) =>
    [
        0xFF, 0xC0, 0, (byte)(8 + (3 * components.Length)), 8, 0, (byte)height, 0, Width,
        (byte)components.Length, .. components.SelectMany(c => new byte[] { c, 0x11, 0 }),
    ];

    private static byte[] Scan(byte component) => [0xFF, 0xDA, 0, 8, 1, component, 0, 0, 63, 0];

    private static byte[] Entropy(byte[] gray)
    {
        var scan = Find(gray, 0xDA);
        return gray[(scan + 2 + gray[scan + 3])..^2];
    }
}
