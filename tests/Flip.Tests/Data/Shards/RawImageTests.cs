using System.Text;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Tests.Data.Layouts;

namespace Flip.Tests.Data.Shards;

public sealed class RawImageTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    [InlineData(5, 4)]
    [InlineData(28, 28)]
    public void A_bitmap_decodes_to_the_same_pixels(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            rgb[i] = (byte)((i * 37) + 11);
        }

        using var bitmap = RawBitmap.Create(width, height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var pixel = RawBitmap.Row(bitmap.Span, width, y).Slice(3 * x, 3);
                (pixel[2], pixel[1], pixel[0]) = (rgb[3 * ((y * width) + x)], rgb[(3 * ((y * width) + x)) + 1], rgb[(3 * ((y * width) + x)) + 2]);
            }
        }

        using var decoded = ImageDecoder.Decode(bitmap.Span);
        Assert.Equal((width, height), (decoded.Width, decoded.Height));
        Assert.Equal(rgb, decoded.Pixels.ToArray().Where((_, i) => i % DecodedImage.PixelBytes < 3));
    }

    [Theory]
    [InlineData("P6\n2 1\n255\n")]
    [InlineData("P6 # made by hand\n2\t1 # more\n# and more\n255 ")]
    public void A_pixmap_is_read_where_images_are(string header)
    {
        _folder.Bytes("a/x.ppm", [.. Encoding.ASCII.GetBytes(header), 1, 2, 3, 200, 201, 202]);
        Assert.Equal([1, 2, 3, 200, 201, 202], LayoutFolder.Pixels(ImageSources.Open(_folder.Path), 0));
    }

    [Theory]
    [InlineData("P5\n2 1\n255\n123456")]
    [InlineData("P6\n2 1\n255\n12345")]
    [InlineData("P6\n2 1\n65535\n123456123456")]
    [InlineData("P6\n99999999999 99999999999\n255\n123456")]
    [InlineData("P6\n65536 65536\n255\n123456")]
    [InlineData("P6\n0 1\n255\n")]
    [InlineData("P6")]
    [InlineData("P6\n# never ends")]
    public void A_damaged_pixmap_is_a_bad_sample(string text)
    {
        _folder.Bytes("x.ppm", Encoding.ASCII.GetBytes(text));
        using var reader = ImageSources.Open(_folder.Path).Open();
        Assert.Throws<BadSampleException>(() => reader.Read(0));
    }
}
