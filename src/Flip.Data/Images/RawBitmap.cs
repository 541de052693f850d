using System.Buffers.Binary;
using CommunityToolkit.HighPerformance.Buffers;

namespace Flip.Data.Images;

/// <summary>Raw pixels as an uncompressed image file (BMP, 24 bits, rows from the top), so that they pass where encoded images do:
/// through the decoder, and into a page.</summary>
internal static class RawBitmap
{
    private const int HeaderBytes = 54;
    private const int PixelBytes = 3;

    /// <summary>A bitmap whose pixels are 0.</summary>
    /// <param name="width">Width, pixels.</param>
    /// <param name="height">Height, pixels.</param>
    public static MemoryOwner<byte> Create(int width, int height)
    {
        var length = checked(HeaderBytes + (Stride(width) * height));
        var bytes = MemoryOwner<byte>.Allocate(length);
        var header = bytes.Span;
        header.Clear();
        "BM"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[2..], length);
        BinaryPrimitives.WriteInt32LittleEndian(header[10..], HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(header[14..], 40); // size of the second header, BITMAPINFOHEADER
        BinaryPrimitives.WriteInt32LittleEndian(header[18..], width);
        BinaryPrimitives.WriteInt32LittleEndian(header[22..], -height); // negative: the first row is the topmost
        BinaryPrimitives.WriteInt16LittleEndian(header[26..], 1);
        BinaryPrimitives.WriteInt16LittleEndian(header[28..], 8 * PixelBytes);
        return bytes;
    }

    /// <summary>The pixels of a row, blue first.</summary>
    public static Span<byte> Row(Span<byte> bitmap, int width, int row) =>
        bitmap.Slice(HeaderBytes + (row * Stride(width)), width * PixelBytes);

    /// <summary>Rows begin on multiples of four bytes.</summary>
    private static int Stride(int width) => checked((width * PixelBytes + 3) & ~3);
}
