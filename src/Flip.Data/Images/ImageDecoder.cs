using System.Buffers.Binary;
using SkiaSharp;

namespace Flip.Data.Images;

/// <summary>
/// JPEG, PNG, WebP, GIF and BMP bytes to RGB pixels, by Skia. What is in the file comes first: EXIF rotation and colour profiles
/// are not applied (as in every reference implementation), an alpha channel is dropped and the colours it hid show, a palette or
/// gray is spread to RGB. Of an animation the first picture is taken. A JPEG or WebP that lacks its end is refused however much of it is decoded; of other
/// formats whatever has all its pixels is taken. Safe to call from several threads.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Pixels above which an image is refused unread: 64 million, or 256 MB decoded.</summary>
    public const long DefaultPixelLimit = 64_000_000;

    /// <summary>Number of the rules by which files become pixels or are refused. A change that gives other pixels, or refuses other files, takes the next one, so that what
    /// was computed by earlier rules is not taken for what these would give.</summary>
    public const string Rules = "3";

    /// <summary>Width and height in pixels, from the header alone: what follows may be damaged.</summary>
    /// <exception cref="BadImageException">No image, or one above the limit.</exception>
    public static (int Width, int Height) ReadSize(ReadOnlySpan<byte> encoded, long pixelLimit = DefaultPixelLimit)
    {
        var header = ReadHeader(encoded, pixelLimit);
        return (header.Width, header.Height);
    }

    /// <summary>What the header says; what follows may be damaged.</summary>
    /// <exception cref="BadImageException">No image, or one above the limit.</exception>
    internal static unsafe ImageHeader ReadHeader(ReadOnlySpan<byte> encoded, long pixelLimit = DefaultPixelLimit)
    {
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((nint)bytes, encoded.Length);
            using var codec = Open(data, encoded, pixelLimit);
            return new ImageHeader(codec.Info.Width, codec.Info.Height, codec.EncodedFormat, codec.EncodedOrigin);
        }
    }

    /// <summary>All pixels of an image.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="pixelLimit">Width times height above which nothing is allocated.</param>
    /// <exception cref="BadImageException">No image, an incomplete one, or one above the limit.</exception>
    public static unsafe DecodedImage Decode(ReadOnlySpan<byte> encoded, long pixelLimit = DefaultPixelLimit)
    {
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((nint)bytes, encoded.Length);
            using var codec = OpenWhole(data, encoded, pixelLimit);
            return DecodeAll(codec, encoded);
        }
    }

    /// <summary>
    /// The pixels of a rectangle that is chosen by the image's size. Of a JPEG only the rectangle's rows are decoded, and at a fraction of its
    /// size where that is chosen; other formats are decoded whole. A file is refused here where <see cref="Decode"/> refuses it.
    /// </summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="choose">Called once with width and height of the image, pixels.</param>
    /// <param name="pixelLimit">Width times height of the image above which nothing is allocated.</param>
    /// <exception cref="BadImageException">No image, an incomplete one, or one above the limit.</exception>
    internal static unsafe DecodedRegion DecodeRegion(
        ReadOnlySpan<byte> encoded, RegionChooser choose, long pixelLimit = DefaultPixelLimit)
    {
        fixed (byte* bytes = encoded)
        {
            using var data = SKData.Create((nint)bytes, encoded.Length);
            using var codec = OpenWhole(data, encoded, pixelLimit);
            var (crop, reduction) = choose(codec.Info.Width, codec.Info.Height);
            if (reduction is not (1 or 2 or 4 or 8))
            {
                throw new ArgumentOutOfRangeException(nameof(choose), reduction, "A reduction is 1, 2, 4 or 8.");
            }

            return codec.EncodedFormat == SKEncodedImageFormat.Jpeg
                ? DecodeRows(codec, encoded.Length, crop, reduction)
                : new DecodedRegion(DecodeAll(codec, encoded), Top: 0, Reduction: 1);
        }
    }

    private static unsafe DecodedImage DecodeAll(SKCodec codec, ReadOnlySpan<byte> encoded)
    {
        var image = new DecodedImage(codec.Info.Width, codec.Info.Height);
        SKCodecResult result;
        fixed (byte* pixels = image.WithSlack)
        {
            result = codec.GetPixels(Target(codec.Info.Size), (nint)pixels);
        }

        if (result != SKCodecResult.Success)
        {
            image.Dispose();
            throw Bad(codec, encoded.Length, result);
        }

        if (codec.EncodedFormat == SKEncodedImageFormat.Gif)
        {
            ShowHidden(codec, image, encoded);
        }

        return image;
    }

    /// <summary>Gives transparent pixels the colour that they have in the palette, for which Skia puts 0.</summary>
    private static void ShowHidden(SKCodec codec, DecodedImage image, ReadOnlySpan<byte> gif)
    {
        Span<byte> hidden = stackalloc byte[3];
        if (!GifColours.TryReadHidden(gif, hidden))
        {
            image.Dispose();
            throw Bad(codec, gif.Length, BadImageException.Corrupt, "it has no palette");
        }

        var pixels = image.WithSlack[..(image.Width * image.Height * DecodedImage.PixelBytes)];
        for (; !pixels.IsEmpty; pixels = pixels[DecodedImage.PixelBytes..])
        {
            if (pixels[3] == 0)
            {
                hidden.CopyTo(pixels);
            }
        }
    }

    /// <summary>Rows of their whole width: Skia keeps the address of a column range, which SkiaSharp has on its stack, and reads it again to
    /// fill what a truncated file lacks; the process then dies.</summary>
    private static unsafe DecodedRegion DecodeRows(SKCodec codec, int length, CropBox crop, int reduction)
    {
        var size = codec.GetScaledDimensions(1f / reduction);
        var top = crop.Top / reduction;
        var height = Math.Min(size.Height, (crop.Top + crop.Height + reduction - 1) / reduction) - top;
        var result = codec.StartScanlineDecode(Target(size));
        if (result != SKCodecResult.Success)
        {
            throw Bad(codec, length, result);
        }

        var image = new DecodedImage(size.Width, height);
        fixed (byte* pixels = image.WithSlack)
        {
            if ((top > 0 && !codec.SkipScanlines(top))
                || codec.GetScanlines((nint)pixels, height, image.Width * DecodedImage.PixelBytes) != height)
            {
                image.Dispose();
                throw Bad(codec, length, SKCodecResult.IncompleteInput);
            }
        }

        return new DecodedRegion(image, top, reduction);
    }

    /// <summary>No colour space is asked for, so none is converted to; unpremultiplied, so that hidden colours stay.</summary>
    private static SKImageInfo Target(SKSizeI size) => new(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);

    /// <summary>A JPEG has been followed to its end before, so one without rows (of 12 bits, say) was not cut.</summary>
    private static BadImageException Bad(SKCodec codec, int length, SKCodecResult result)
    {
        var cut = result == SKCodecResult.IncompleteInput && codec.EncodedFormat != SKEncodedImageFormat.Jpeg;
        return Bad(codec, length, cut ? BadImageException.Truncated : BadImageException.Corrupt, $"{result}");
    }

    private static BadImageException Bad(SKCodec codec, int length, string cause, string detail) =>
        new(cause, $"{codec.EncodedFormat} of {codec.Info.Width}x{codec.Info.Height} in {length} bytes ({detail})");

    /// <summary>Opens a file to decode it, in whatever way: one that shows that it lacks its end is refused in all of them alike.</summary>
    private static SKCodec OpenWhole(SKData data, ReadOnlySpan<byte> encoded, long pixelLimit)
    {
        var codec = Open(data, encoded, pixelLimit);
        if (FindDamage(encoded) is not var (cause, detail))
        {
            return codec;
        }

        using (codec)
        {
            throw Bad(codec, encoded.Length, cause, detail);
        }
    }

    /// <summary>Why a file is not whole, from its bytes alone; null where nothing shows it.</summary>
    private static (string Cause, string Detail)? FindDamage(ReadOnlySpan<byte> encoded)
    {
        if (encoded.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
        {
            return JpegMarkers.FindDamage(encoded);
        }

        if (encoded.Length < 12 || !encoded.StartsWith("RIFF"u8) || !encoded[8..].StartsWith("WEBP"u8))
        {
            return null;
        }

        // A WebP says its length, eight bytes less than the file's. Skia takes a shorter file where the first picture is there.
        var length = 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]);
        return length <= encoded.Length ? null : (BadImageException.Truncated, $"there should be {length}");
    }

    private static SKCodec Open(SKData data, ReadOnlySpan<byte> encoded, long pixelLimit)
    {
        if (encoded.IsEmpty)
        {
            throw new BadImageException(BadImageException.Empty, "");
        }

        if (SKCodec.Create(data) is not { } codec)
        {
            var bytes = $"{encoded.Length} bytes that begin {FirstBytes(encoded)}";
            throw FindDamage(encoded) is var (cause, detail)
                ? new BadImageException(cause, $"{bytes} ({detail})")
                : new BadImageException(BadImageException.NotAnImage, bytes);
        }

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
