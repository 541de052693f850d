using System.Buffers.Binary;

namespace Flip.Tests.Data.Images;

/// <summary>GIFs written block by block. Pixels are packed with codes of nine bits alone: a clear code comes before they would need more.</summary>
internal static class TestGif
{
    private const int ClearCode = 256;
    private const int EndCode = 257;
    private const int PixelsBetweenClears = 250;

    /// <summary>256 colours, all different: index i is (i, 255 - i, 7 i + salt).</summary>
    public static byte[] Palette(int salt, int colours = 256) =>
        [.. Enumerable.Range(0, colours).SelectMany(i => new[] { (byte)i, (byte)(255 - i), (byte)((7 * i) + salt) })];

    public static byte[] File(int width, int height, byte[]? palette, params byte[][] blocks) =>
        [.. "GIF89a"u8, .. Numbers(width, height), Flags(palette), 3, 0, .. palette ?? [], .. blocks.SelectMany(block => block), 0x3B];

    /// <summary>A graphic control extension.</summary>
    public static byte[] Control(byte transparent, byte flags = 1) => [0x21, 0xF9, 4, flags, 10, 0, transparent, 0];

    public static byte[] Extension(byte label, params byte[][] subBlocks) =>
        [0x21, label, .. subBlocks.SelectMany(block => block.Prepend((byte)block.Length)), 0];

    public static byte[] Picture(int left, int top, int width, int height, byte[] indices, byte[]? palette = null) =>
        [0x2C, .. Numbers(left, top, width, height), Flags(palette), .. palette ?? [], 8, .. SubBlocks(Pack(indices)), 0];

    private static byte Flags(byte[]? palette) => palette is null ? (byte)0 : (byte)(0x80 | (int.Log2(palette.Length / 3) - 1));

    private static byte[] Numbers(params int[] numbers)
    {
        var bytes = new byte[numbers.Length * 2];
        foreach (var (i, number) in numbers.Index())
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * 2), (ushort)number);
        }

        return bytes;
    }

    private static IEnumerable<byte> SubBlocks(byte[] bytes) => bytes.Chunk(255).SelectMany(block => block.Prepend((byte)block.Length));

    private static byte[] Pack(byte[] indices)
    {
        var codes = indices.Index().SelectMany(pixel => pixel.Index % PixelsBetweenClears == 0 ? new[] { ClearCode, pixel.Item } : [pixel.Item]).Append(EndCode);
        var (bytes, bits, count) = (new List<byte>(), 0, 0);
        foreach (var code in codes)
        {
            bits |= code << count;
            for (count += 9; count >= 8; count -= 8)
            {
                bytes.Add((byte)bits);
                bits >>= 8;
            }
        }

        bytes.Add((byte)bits);
        return [.. bytes];
    }
}
