using Flip.Data;
using Flip.Data.Images;
using Flip.Ingest.Images;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Ingest.Images;

public sealed class ImagePreparationTests
{
    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, "jpg")]
    [InlineData(SKEncodedImageFormat.Png, "png")]
    [InlineData(SKEncodedImageFormat.Webp, "webp")]
    public void What_needs_no_change_passes_through_untouched(SKEncodedImageFormat format, string extension)
    {
        var file = TestImages.Encode(60, 40, format);
        foreach (var resize in (ImageResize[])[ImageResize.No, ImageResize.KeepRatio, ImageResize.KeepRatioLargest])
        {
            var prepared = Prepare(file, new() { Resize = resize, Size = 64 });
            Assert.Equal(file, prepared.Content.ToArray());
            Assert.Equal((extension, 60, 40, 60, 40), Of(prepared));
        }
    }

    [Theory]
    [InlineData(ImageResize.No, 200, 100)]
    [InlineData(ImageResize.KeepRatio, 100, 50)]
    [InlineData(ImageResize.KeepRatioLargest, 50, 25)]
    [InlineData(ImageResize.CenterCrop, 50, 50)]
    [InlineData(ImageResize.Border, 50, 50)]
    public void Each_way_gives_the_sides_that_it_says(ImageResize resize, int width, int height)
    {
        var prepared = Prepare(TestImages.Encode(200, 100, SKEncodedImageFormat.Png), new() { Resize = resize, Size = 50 });
        Assert.Equal((resize == ImageResize.No ? "png" : "jpg", width, height, 200, 100), Of(prepared));
        Assert.Equal((width, height), ImageDecoder.ReadSize(prepared.Content.Span));
    }

    [Theory]
    [InlineData(ImageResize.KeepRatio, 30, 20)]
    [InlineData(ImageResize.KeepRatioLargest, 30, 20)]
    [InlineData(ImageResize.CenterCrop, 20, 20)]
    [InlineData(ImageResize.Border, 60, 60)]
    public void Small_images_are_not_enlarged_unless_asked(ImageResize resize, int width, int height)
    {
        var file = TestImages.Encode(30, 20, SKEncodedImageFormat.Png);
        var prepared = Prepare(file, new() { Resize = resize, Size = 60 });
        Assert.Equal((width, height), (prepared.Width, prepared.Height));
        var enlarged = Prepare(file, new() { Resize = resize, Size = 60, Enlarge = true });
        Assert.Equal(60, resize == ImageResize.KeepRatio ? enlarged.Height : enlarged.Width);
    }

    /// <summary>A white picture with one dark corner, stored in each of EXIF's eight ways, is shown with the corner where EXIF says.</summary>
    [Theory]
    [InlineData(2, 1, 0)]
    [InlineData(3, 1, 1)]
    [InlineData(4, 0, 1)]
    [InlineData(5, 0, 0)]
    [InlineData(6, 1, 0)]
    [InlineData(7, 1, 1)]
    [InlineData(8, 0, 1)]
    public void An_image_is_turned_as_it_is_shown(byte orientation, int right, int bottom)
    {
        var prepared = Prepare(WithOrientation(Corner(64, 32), orientation), new() { Resize = ImageResize.No });
        Assert.Equal(orientation >= 5 ? ("jpg", 32, 64, 32, 64) : ("jpg", 64, 32, 64, 32), Of(prepared));
        using var shown = ImageDecoder.Decode(prepared.Content.Span);
        var (x, y) = (right * (shown.Width - 9), bottom * (shown.Height - 9));
        Assert.InRange(shown.Pixels[(((y + 4) * shown.Width) + x + 4) * DecodedImage.PixelBytes], 0, 60);
        Assert.InRange(shown.Pixels[(((shown.Height - 5 - y) * shown.Width) + shown.Width - 5 - x) * DecodedImage.PixelBytes], 195, 255);
        Assert.Equal(SKEncodedOrigin.TopLeft, ImageDecoder.ReadHeader(prepared.Content.Span).Origin);
    }

    [Fact]
    public void Every_turn_of_distinct_pixels_puts_each_where_a_slow_twin_does()
    {
        var plan = new ResizePlan(CropBox.Whole(3, 2), 3, 2, 5, 4);
        var rgb = Enumerable.Range(1, 18).Select(i => (byte)i).ToArray();
        for (var origin = SKEncodedOrigin.TopLeft; origin <= SKEncodedOrigin.LeftBottom; origin++)
        {
            var swaps = ImageTurn.SwapsSides(origin);
            var (width, height) = swaps ? (4, 5) : (5, 4);
            var canvas = new byte[width * height * 4];
            ImageTurn.Draw(rgb, plan, origin, canvas, width);
            var expected = new byte[canvas.Length];
            for (var (r, i) = (0, 0); r < 2; r++)
            {
                for (var c = 0; c < 3; c++, i += 3)
                {
                    var (x, y) = swaps ? (r, c) : (c, r);
                    x = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom ? (swaps ? 1 : 2) - x : x;
                    y = origin is SKEncodedOrigin.BottomLeft or SKEncodedOrigin.BottomRight or SKEncodedOrigin.LeftBottom or SKEncodedOrigin.RightBottom ? (swaps ? 2 : 1) - y : y;
                    rgb.AsSpan(i, 3).CopyTo(expected.AsSpan((((y + 1) * width) + x + 1) * 4));
                }
            }

            Assert.Equal(expected, canvas);
        }
    }

    [Fact]
    public void A_resized_image_has_the_pixels_of_Pillows_resize()
    {
        var file = TestImages.Encode(90, 60, SKEncodedImageFormat.Png);
        var prepared = Prepare(file, new() { Size = 30, Quality = 100 });
        using var whole = ImageDecoder.Decode(file);
        var expected = new byte[45 * 30 * 3];
        Resampler.Resize(whole, ResampleAxis.Of(0, 90, 45), ResampleAxis.Of(0, 60, 30), false, expected);
        using var actual = ImageDecoder.Decode(prepared.Content.Span);
        Assert.InRange(Luma(expected).Zip(Luma(actual.ToRgb()), (e, a) => Math.Abs(e - a)).Average(), 0, 1.5); // of the colours a quarter of the samples is kept
    }

    [Fact]
    public void What_is_not_wanted_is_refused_by_its_header_with_its_cause()
    {
        Fails(TestImages.PngHeader(30, 9), new() { MinSide = 10 }, ImagePreparation.TooSmall);
        Fails(TestImages.PngHeader(31, 10), new() { MaxAspectRatio = 3 }, ImagePreparation.TooLong);
        Fails(TestImages.PngHeader(30_000, 30_000), new(), BadImageException.TooLarge);
        Fails(TestImages.PngHeader(10_000, 10), new() { Size = 60_000, Enlarge = true }, BadImageException.TooLarge);
        Fails([], new(), BadImageException.Empty);
        Fails("<html>"u8.ToArray(), new(), BadImageException.NotAnImage);
    }

    [Fact]
    public void A_broken_image_is_refused_whether_or_not_it_has_to_change()
    {
        foreach (var format in (SKEncodedImageFormat[])[SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png])
        {
            var whole = TestImages.Encode(60, 40, format);
            foreach (var size in (int[])[20, 100])
            {
                Assert.Throws<BadImageException>(() => Prepare(whole[..(whole.Length * 3 / 4)], new() { Size = size }));
            }
        }
    }

    [Fact]
    public void Equal_bytes_give_equal_bytes_from_any_thread()
    {
        var file = TestImages.Encode(300, 200, SKEncodedImageFormat.Jpeg);
        var preparation = new ImagePreparation(new() { Size = 64 });
        var all = Enumerable.Range(0, 8).AsParallel().Select(_ => preparation.Prepare(file).Content.ToArray()).ToList();
        Assert.All(all, one => Assert.Equal(all[0], one));
    }

    private static PreparedImage Prepare(byte[] file, ImagePreparationOptions options) => new ImagePreparation(options).Prepare(file);

    private static (string Extension, int Width, int Height, int OriginalWidth, int OriginalHeight) Of(PreparedImage image) =>
        (image.Extension, image.Width, image.Height, image.OriginalWidth, image.OriginalHeight);

    private static IEnumerable<double> Luma(byte[] rgb) => rgb.Chunk(3).Select(pixel => (0.299 * pixel[0]) + (0.587 * pixel[1]) + (0.114 * pixel[2]));

    private static void Fails(byte[] file, ImagePreparationOptions options, string cause) =>
        Assert.Equal(cause, Assert.ThrowsAny<BadSampleException>(() => Prepare(file, options)).Cause);

    /// <summary>White, the first 16 columns and rows black.</summary>
    private static byte[] Corner(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            rgb[i] = i / 3 / width < 16 && i / 3 % width < 16 ? (byte)0 : byte.MaxValue;
        }

        using var image = DecodedImage.FromRgb(width, height, rgb);
        return TestImages.EncodeJpeg(image, SKJpegEncoderDownsample.Downsample444);
    }

    /// <summary>The JPEG with an EXIF segment of one entry, the orientation.</summary>
    private static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
