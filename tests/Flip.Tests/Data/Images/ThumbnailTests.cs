using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

public class ThumbnailTests
{
    [Theory]
    [InlineData(400, 200, 160, 80, SKEncodedImageFormat.Jpeg)]
    [InlineData(30, 900, 5, 160, SKEncodedImageFormat.Jpeg)]
    [InlineData(2000, 3, 160, 1, SKEncodedImageFormat.Jpeg)]
    [InlineData(100, 90, 100, 90, SKEncodedImageFormat.Jpeg)]
    [InlineData(32, 28, 32, 28, SKEncodedImageFormat.Png)]
    public void A_picture_keeps_the_ratio_of_its_sides_and_is_never_enlarged(int width, int height, int toWidth, int toHeight, SKEncodedImageFormat format)
    {
        using var codec = SKCodec.Create(new MemoryStream(Thumbnail.Of(TestImages.Encode(width, height, SKEncodedImageFormat.Png), 160)));
        Assert.Equal((toWidth, toHeight, format), (codec.Info.Width, codec.Info.Height, codec.EncodedFormat));
    }

    [Fact]
    public void A_small_picture_keeps_its_pixels()
    {
        using var pattern = TestImages.Pattern(20, 10);
        using var again = ImageDecoder.Decode(Thumbnail.Of(TestImages.Encode(20, 10, SKEncodedImageFormat.Png), 160));
        Assert.Equal(pattern.ToRgb(), again.ToRgb());
        Assert.Throws<BadImageException>(() => Thumbnail.Of([1, 2, 3], 160));
    }

    [Fact]
    public void A_JPEG_is_told_by_its_markers()
    {
        var jpeg = Thumbnail.JpegOf(TestImages.Encode(20, 10, SKEncodedImageFormat.Png), 160);
        Assert.True(Thumbnail.IsJpeg(jpeg));
        Assert.False(Thumbnail.IsJpeg(jpeg.AsSpan(0, jpeg.Length - 2)));
        Assert.False(Thumbnail.IsJpeg(Thumbnail.Of(TestImages.Encode(20, 10, SKEncodedImageFormat.Png), 160)));
        Assert.False(Thumbnail.IsJpeg([]));
        Assert.False(Thumbnail.IsJpeg("<script>"u8));
    }
}
