using System.Buffers.Binary;
using System.IO.Compression;
using Flip.Data.Images;
using Flip.Randomness;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>Small images made on the spot.</summary>
internal static class TestImages
{
    /// <summary>Smooth colours with some noise, the same for the same size.</summary>
    public static DecodedImage Pattern(int width, int height)
    {
        var random = new CounterRandom(7, RandomPurpose.Evaluation, width, height);
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            var (y, x) = Math.DivRem(i / 3, width);
            rgb[i] = (byte)(128 + (90 * Math.Sin((x * 0.3) + (y * 0.2 * (i % 3)))) + random.NextInt(30));
        }

        return DecodedImage.FromRgb(width, height, rgb);
    }

    /// <summary>The pixels without gaps, <c>[height, width, 3]</c>.</summary>
    public static byte[] ToRgb(this DecodedImage image)
    {
        var pixels = image.Pixels;
        var rgb = new byte[image.Width * image.Height * 3];
        for (var i = 0; i < rgb.Length / 3; i++)
        {
            pixels.Slice(i * DecodedImage.PixelBytes, 3).CopyTo(rgb.AsSpan(i * 3));
        }

        return rgb;
    }

    public static byte[] Encode(int width, int height, SKEncodedImageFormat format, int quality = 80)
    {
        using var pattern = Pattern(width, height);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        pattern.Pixels.CopyTo(bitmap.GetPixelSpan());
        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>A JPEG with the colour samples that are asked for.</summary>
    public static byte[] EncodeJpeg(DecodedImage image, SKJpegEncoderDownsample downsample, int quality = 90)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        image.Pixels.CopyTo(bitmap.GetPixelSpan());
        using var pixels = bitmap.PeekPixels();
        using var data = pixels.Encode(new SKJpegEncoderOptions(quality, downsample, SKJpegEncoderAlphaOption.Ignore))!;
        return data.ToArray();
    }

    /// <summary>A PNG whose header promises a size and whose data does not follow.</summary>
    public static byte[] PngHeader(int width, int height) => Png(width, height, 8, 2, [], [0x78, 0x9C]);

    /// <summary>A PNG of given samples.</summary>
    /// <param name="width">Width, pixels.</param>
    /// <param name="height">Height, pixels.</param>
    /// <param name="depth">Bits of a sample.</param>
    /// <param name="colour">0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA.</param>
    /// <param name="chunks">Type and data of chunks before the pixels.</param>
    /// <param name="rows">The rows' bytes, without filters.</param>
    public static byte[] Png(int width, int height, byte depth, byte colour, byte[][] chunks, byte[][] rows)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var row in rows)
            {
                zlib.Write([0, .. row]);
            }
        }

        return [.. Png(width, height, depth, colour, chunks, packed.ToArray()), .. Chunk([.. "IEND"u8])];
    }

    private static byte[] Png(int width, int height, byte depth, byte colour, byte[][] chunks, byte[] pixels)
    {
        var header = new byte[17];
        "IHDR"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), height);
        (header[12], header[13]) = (depth, colour);
        return [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk(header), .. chunks.SelectMany(Chunk), .. Chunk([.. "IDAT"u8, .. pixels])];
    }

    /// <summary>A chunk of a PNG with its length and checksum.</summary>
    public static byte[] Chunk(byte[] typeAndData)
    {
        var chunk = new byte[typeAndData.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, typeAndData.Length - 4);
        typeAndData.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(typeAndData.Length + 4), Crc32(typeAndData));
        return chunk;
    }

    private static uint Crc32(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(crc & 1));
            }
        }

        return ~crc;
    }
}
