using SkiaSharp;

namespace Flip.Data.Images;

/// <summary>
/// JPEG, PNG, WebP, GIF and BMP bytes to RGB pixels, by Skia. What is in the file comes first: EXIF rotation and colour profiles
/// are not applied (as in every reference implementation), an alpha channel is dropped and the colours it hid show, a palette or
/// gray is spread to RGB. Of an animation the first picture is taken. Safe to call from several threads.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Pixels above which an image is refused unread: 64 million, or 256 MB decoded.</summary>
    public const long DefaultPixelLimit = 64_000_000;

    /// <summary>Width and height in pixels, from the header alone.</summary>
    /// <exception cref="BadImageException">No image, or one above the limit.</exception>
    public static unsafe (int Width, int Height) ReadSize(ReadOnlySpan<byte> encoded, long pixelLimit = DefaultPixelLimit)
    {
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((nint)bytes, encoded.Length);
            using var codec = Open(data, encoded, pixelLimit);
            return (codec.Info.Width, codec.Info.Height);
        }
    }

    /// <summary>All pixels of an image.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="pixelLimit">Width times height above which nothing is allocated.</param>
    /// <param name="reduction">1, 2, 4 or 8: a JPEG is decoded at this fraction of its size (rounded up), which saves most of
    /// the time for a large one; other formats ignore it. See the result for the size.</param>
    /// <exception cref="BadImageException">No image, an incomplete one, or one above the limit.</exception>
    public static unsafe DecodedImage Decode(ReadOnlySpan<byte> encoded, long pixelLimit = DefaultPixelLimit, int reduction = 1)
    {
        if (reduction is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "A reduction is 1, 2, 4 or 8.");
        }

        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((nint)bytes, encoded.Length);
            using var codec = Open(data, encoded, pixelLimit);
            var size = reduction > 1 && codec.EncodedFormat == SKEncodedImageFormat.Jpeg
                ? codec.GetScaledDimensions(1f / reduction)
                : codec.Info.Size;

            // No colour space is asked for, so none is converted to; unpremultiplied, so that hidden colours stay.
            var target = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            var image = new DecodedImage(size.Width, size.Height);
            SKCodecResult result;
            fixed (byte* pixels = image.WithSlack)
            {
                result = codec.GetPixels(target, (nint)pixels);
            }

            if (result != SKCodecResult.Success)
            {
                image.Dispose();
                throw new BadImageException(
                    result == SKCodecResult.IncompleteInput ? BadImageException.Truncated : BadImageException.Corrupt,
                    $"{codec.EncodedFormat} of {codec.Info.Width}x{codec.Info.Height} in {encoded.Length} bytes ({result})");
            }

            return image;
        }
    }

    private static SKCodec Open(SKData data, ReadOnlySpan<byte> encoded, long pixelLimit)
    {
        if (encoded.IsEmpty)
        {
            throw new BadImageException(BadImageException.Empty, "");
        }

        var codec = SKCodec.Create(data)
            ?? throw new BadImageException(BadImageException.NotAnImage, $"{encoded.Length} bytes that begin {FirstBytes(encoded)}");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (width > 0 && height > 0 && (long)width * height <= Math.Min(pixelLimit, Array.MaxLength / 8))
        {
            return codec;
        }

        codec.Dispose();
        throw width > 0 && height > 0
            ? new BadImageException(BadImageException.TooLarge, $"{width}x{height} pixels, the limit is {pixelLimit}")
            : new BadImageException(BadImageException.NotAnImage, $"a header of {width}x{height} pixels");
    }

    private static string FirstBytes(ReadOnlySpan<byte> encoded) => Convert.ToHexString(encoded[..Math.Min(8, encoded.Length)]);
}
