using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Images;

/// <summary>Netpbm's raw colour images (<c>P6</c> with 8 bits), in which GTSRB is published. The decoder does not know them.</summary>
internal static class PortablePixmap
{
    public const string Extension = ".ppm";

    private const int LargestSide = 1 << 16;

    /// <summary>Whether a file is one, by its name.</summary>
    public static bool IsFile(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The image as a bitmap.</summary>
    /// <param name="file">The file's bytes, which are given back.</param>
    /// <exception cref="BadSampleException">They are no such image, or fewer than it needs.</exception>
    public static MemoryOwner<byte> ToBitmap(MemoryOwner<byte> file)
    {
        using (file)
        {
            ReadOnlySpan<byte> bytes = file.Span;
            if (!bytes.StartsWith("P6"u8))
            {
                throw new BadSampleException("not an image", "a .ppm file that does not begin with P6");
            }

            var at = 2;
            var (width, height, most) = (ReadNumber(bytes, ref at), ReadNumber(bytes, ref at), ReadNumber(bytes, ref at));
            at++; // one blank ends the header
            if (width is < 1 or > LargestSide || height is < 1 or > LargestSide || most != byte.MaxValue)
            {
                throw new BadSampleException("not an image", $"a .ppm file of {width}x{height} pixels with colours up to {most} (255 is known)");
            }

            return bytes.Length - at >= (long)width * height * 3
                ? ToBitmap(bytes[at..], width, height)
                : throw new BadSampleException("truncated image", $"a .ppm file of {width}x{height} pixels in {bytes.Length} bytes");
        }
    }

    private static MemoryOwner<byte> ToBitmap(ReadOnlySpan<byte> rgb, int width, int height)
    {
        var bitmap = RawBitmap.Create(width, height);
        for (var y = 0; y < height; y++)
        {
            var row = RawBitmap.Row(bitmap.Span, width, y);
            var source = rgb.Slice(y * width * 3, width * 3);
            for (var i = 0; i < row.Length; i += 3)
            {
                (row[i], row[i + 1], row[i + 2]) = (source[i + 2], source[i + 1], source[i]);
            }
        }

        return bitmap;
    }

    /// <summary>A number of the header, behind blanks and comments (<c>#</c> to the line's end); -1 where there is none.</summary>
    private static int ReadNumber(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length && (bytes[at] == '#' || char.IsWhiteSpace((char)bytes[at])))
        {
            at = bytes[at] != '#' ? at + 1 : bytes[at..].IndexOf((byte)'\n') is >= 0 and var end ? at + end : bytes.Length;
        }

        var number = -1;
        for (; at < bytes.Length && char.IsAsciiDigit((char)bytes[at]) && number <= LargestSide; at++)
        {
            number = (Math.Max(number, 0) * 10) + bytes[at] - '0';
        }

        return number;
    }
}
