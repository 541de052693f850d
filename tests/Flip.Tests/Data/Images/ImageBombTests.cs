using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>Image files whose parts are many or large, though their pictures are small.</summary>
public sealed class ImageBombTests
{
    [Theory]
    [InlineData(10, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(2000, false)]
    public void A_jpeg_has_no_more_scans_than_any_encoder_makes(int scans, bool isRead)
    {
        var jpeg = WithScans(TestJpeg.Progressive("progressive"), scans);
        Assert.Equal(isRead ? null : BadImageException.Corrupt, DecodingWays.Cause(jpeg));
        if (!isRead)
        {
            Assert.Contains("more than 64 scans", Assert.Throws<BadImageException>(() => ImageDecoder.Decode(jpeg)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Frames_behind_the_first_cost_little()
    {
        byte[] picture = [0x21, 0xF9, 4, 0, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
        byte[] gif = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6, .. Repeated(picture, 300_000), 0x3B];
        AssertQuick(Webp(20_000));
        AssertQuick(gif);
    }

    [Fact]
    public void A_packed_profile_of_a_png_is_not_unpacked_without_end() => AssertQuick(PngWith("iCCP", 1 << 27));

    [Fact]
    public void A_packed_text_of_a_png_is_not_unpacked_without_end() => AssertQuick(PngWith("zTXt", 1 << 27));

    /// <summary>In all ways of decoding together.</summary>
    private static void AssertQuick(byte[] file)
    {
        var watch = Stopwatch.StartNew();
        Assert.Null(DecodingWays.Cause(file));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }

    /// <summary>The last scan once more, until there are so many.</summary>
    private static byte[] WithScans(byte[] jpeg, int scans)
    {
        var last = jpeg.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        var has = 0;
        for (var at = 0; jpeg.AsSpan(at).IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]) is >= 0 and var found; at += found + 2)
        {
            has++;
        }

        var scan = jpeg[last..^2];
        return [.. jpeg[..^2], .. Enumerable.Repeat(scan, Math.Max(0, scans - has)).SelectMany(bytes => bytes), 0xFF, 0xD9];
    }

    /// <summary>An animation whose last picture is there many times more.</summary>
    private static byte[] Webp(int frames)
    {
        var whole = File.ReadAllBytes(SharedData.Golden("images/animated.webp"));
        var frame = whole[whole.AsSpan().LastIndexOf("ANMF"u8)..];
        byte[] file = [.. whole, .. Repeated(frame, frames)];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return file;
    }

    private static byte[] Repeated(byte[] part, int count)
    {
        var all = new byte[part.Length * count];
        for (var i = 0; i < count; i++)
        {
            part.CopyTo(all, i * part.Length);
        }

        return all;
    }

    private static byte[] PngWith(string chunk, int length)
    {
        var png = TestImages.Encode(8, 8, SKEncodedImageFormat.Png);
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            var zeros = new byte[1 << 20];
            BinaryPrimitives.WriteInt32BigEndian(zeros, length);
            "mntrRGB XYZ "u8.CopyTo(zeros.AsSpan(12));
            "acsp"u8.CopyTo(zeros.AsSpan(36));
            for (var i = 0; i < length >> 20; i++)
            {
                stream.Write(zeros);
                zeros.AsSpan(0, 64).Clear();
            }
        }

        byte[] content = [.. System.Text.Encoding.ASCII.GetBytes(chunk), .. "x\0\0"u8, .. packed.ToArray()];
        return [.. png[..33], .. TestImages.Chunk(content), .. png[33..]];
    }
}
