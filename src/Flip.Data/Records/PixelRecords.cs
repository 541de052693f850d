using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Images;

namespace Flip.Data.Records;

/// <summary>How the bytes of a raw image follow each other.</summary>
internal enum PixelOrder
{
    /// <summary>One number a pixel, row after row.</summary>
    Gray,

    /// <summary>All red, then all green, then all blue; each row after row.</summary>
    Planes,

    /// <summary>All red, then all green, then all blue; each column after column.</summary>
    PlanesByColumn,
}

/// <summary>A file of images without compression, one record each.</summary>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Order">How a record's pixels lie.</param>
/// <param name="Header">Bytes before the first record.</param>
/// <param name="Label">Bytes of a record before its pixels.</param>
internal readonly record struct PixelRecords(int Width, int Height, PixelOrder Order, int Header = 0, int Label = 0)
{
    /// <summary>Bytes of the pixels of a record.</summary>
    public int PixelBytes => Width * Height * (Order == PixelOrder.Gray ? 1 : 3);

    /// <summary>Bytes of a record.</summary>
    public int Bytes => Label + PixelBytes;

    /// <summary>Where a record's pixels begin.</summary>
    public long PixelsOf(int record) => Header + ((long)record * Bytes) + Label;

    /// <summary>The pixels of a record as an image file.</summary>
    public MemoryOwner<byte> ToBitmap(ReadOnlySpan<byte> pixels)
    {
        var bitmap = RawBitmap.Create(Width, Height);
        var plane = Order == PixelOrder.Gray ? 0 : Width * Height;
        var (nextX, nextY) = Order == PixelOrder.PlanesByColumn ? (Height, 1) : (1, Width);
        for (var y = 0; y < Height; y++)
        {
            var row = RawBitmap.Row(bitmap.Span, Width, y);
            for (var x = 0; x < Width; x++)
            {
                var place = (y * nextY) + (x * nextX);
                row[3 * x] = pixels[place + (2 * plane)];
                row[(3 * x) + 1] = pixels[place + plane];
                row[(3 * x) + 2] = pixels[place];
            }
        }

        return bitmap;
    }
}
