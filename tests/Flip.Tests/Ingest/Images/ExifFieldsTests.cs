using System.Text.Json;
using Flip.Ingest.Images;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Ingest.Images;

public sealed class ExifFieldsTests
{
    [Fact]
    public void Fields_are_named_like_exifreads()
    {
        var json = JsonDocument.Parse(ExifFields.ToJson(WithExif([.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x0F, 0, 2, 0, 0, 0, 4, .. "Ca\x1B\0"u8, 0, 0, 0, 0]))).RootElement;
        Assert.Equal("Ca", json.GetProperty("Image Make").GetString()); // without the control character
    }

    [Fact]
    public void Without_fields_or_with_broken_ones_it_is_an_empty_object()
    {
        Assert.Equal("{}", ExifFields.ToJson(TestImages.Encode(8, 8, SKEncodedImageFormat.Jpeg)));
        Assert.Equal("{}", ExifFields.ToJson(TestImages.Encode(8, 8, SKEncodedImageFormat.Png)));
        Assert.Equal("{}", ExifFields.ToJson(default));
        for (var length = 0; length < 24; length++)
        {
            byte[] exif = [.. "MM\0*"u8, 0, 0, 0, 8, 255, 255, 0x01, 0x0F, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0];
            JsonDocument.Parse(ExifFields.ToJson(WithExif(exif[..Math.Min(length, exif.Length)])));
        }
    }

    private static byte[] WithExif(byte[] tiff)
    {
        var jpeg = TestImages.Encode(8, 8, SKEncodedImageFormat.Jpeg);
        byte[] exif = [.. "Exif\0\0"u8, .. tiff];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
