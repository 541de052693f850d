using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

public class ImageDecoderTests
{
    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void A_picture_comes_back_from_its_file(SKEncodedImageFormat format)
    {
        var encoded = TestImages.Encode(37, 23, format, 100);
        using var expected = TestImages.Pattern(37, 23);
        using var actual = ImageDecoder.Decode(encoded);
        Assert.Equal((37, 23), ImageDecoder.ReadSize(encoded));
        Assert.Equal((37, 23), (actual.Width, actual.Height));
        var difference = expected.ToRgb().Zip(actual.ToRgb(), (e, a) => Math.Abs(e - a)).Average();

        // The pattern's colours are noisy, and JPEG and WebP keep a quarter of the colour samples.
        Assert.InRange(difference, 0, format == SKEncodedImageFormat.Png ? 0 : 8);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void A_cut_file_is_truncated_wherever_it_is_cut(SKEncodedImageFormat format)
    {
        var encoded = TestImages.Encode(60, 40, format);
        foreach (var share in new[] { 0.4, 0.6, 0.8, 0.95 })
        {
            var cut = encoded.AsSpan(0, (int)(encoded.Length * share)).ToArray();
            var error = Assert.Throws<BadImageException>(() => ImageDecoder.Decode(cut));

            // WebP's header states the length of the whole file, so a short one is no WebP from the start.
            Assert.Contains(error.Cause, new[] { BadImageException.Truncated, BadImageException.NotAnImage, BadImageException.Corrupt });
            Assert.True(format != SKEncodedImageFormat.Jpeg || error.Cause == BadImageException.Truncated, error.Message);
        }
    }

    [Fact]
    public void Text_named_jpg_is_not_an_image()
    {
        var error = Assert.Throws<BadImageException>(() => ImageDecoder.Decode("<html>404 Not Found</html>"u8.ToArray()));
        Assert.Equal(BadImageException.NotAnImage, error.Cause);
        Assert.Equal("not an image: 26 bytes that begin 3C68746D6C3E3430", error.Message);
    }

    [Fact]
    public void Zero_bytes_are_an_empty_file() =>
        Assert.Equal(BadImageException.Empty, Assert.Throws<BadImageException>(() => ImageDecoder.Decode([])).Cause);

    [Fact]
    public void A_huge_header_is_refused_before_memory_is_taken()
    {
        var bomb = TestImages.PngHeader(30_000, 30_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var decode = Assert.Throws<BadImageException>(() => ImageDecoder.Decode(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Equal(BadImageException.TooLarge, decode.Cause);
        Assert.Contains("30000x30000", decode.Message, StringComparison.Ordinal);
        Assert.Equal(BadImageException.TooLarge, Assert.Throws<BadImageException>(() => ImageDecoder.ReadSize(bomb)).Cause);
    }

    [Fact]
    public void The_limit_counts_pixels()
    {
        var encoded = TestImages.Encode(60, 40, SKEncodedImageFormat.Jpeg);
        ImageDecoder.Decode(encoded, pixelLimit: 2400).Dispose();
        Assert.Throws<BadImageException>(() => ImageDecoder.Decode(encoded, pixelLimit: 2399));
    }

    [Fact]
    public void A_header_of_no_pixels_is_not_an_image() =>
        Assert.Equal(BadImageException.NotAnImage, Assert.Throws<BadImageException>(
            () => ImageDecoder.Decode(TestImages.PngHeader(0, 10))).Cause);

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Damaged_bytes_give_an_image_or_a_bad_image_and_nothing_else(SKEncodedImageFormat format)
    {
        var original = TestImages.Encode(48, 40, format);
        var destination = new byte[32 * 32 * 3];
        var transform = new TrainTransform(32, 0.5, 0.5, seed: 1);
        var (good, bad) = (0, 0);
        for (var trial = 0; trial < 400; trial++)
        {
            try
            {
                transform.Apply(Mutation.Of(original, trial), epoch: 0, trial, destination);
                good++;
            }
            catch (BadImageException e)
            {
                Assert.NotEmpty(e.Cause);
                bad++;
            }
        }

        Assert.Equal(400, good + bad);
        Assert.True(bad > 20, $"{bad} of 400 damaged files were refused");
    }

    [Fact]
    public void A_disposed_image_cannot_be_read()
    {
        var image = TestImages.Pattern(2, 2);
        image.Dispose();
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.ToRgb());
    }
}
