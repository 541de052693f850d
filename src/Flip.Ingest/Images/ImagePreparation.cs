using System.Buffers;
using Flip.Data;
using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Ingest.Images;

/// <summary>
/// Makes images ready for shards: turned as they are shown, of the wanted size, in a format that shards take. One that is all that already passes through untouched; any
/// other becomes a JPEG. The same bytes give the same result. Pixels are those that a training would see: colours that an alpha channel hides show, colour profiles are not
/// applied, of an animation the first picture is taken. Safe to call from several threads.
/// </summary>
/// <param name="options">What images are to be like.</param>
public sealed class ImagePreparation(ImagePreparationOptions options)
{
    /// <summary>Cause of an image below <see cref="ImagePreparationOptions.MinSide"/>.</summary>
    public const string TooSmall = "image too small";

    /// <summary>Cause of an image above <see cref="ImagePreparationOptions.MaxAspectRatio"/>.</summary>
    public const string TooLong = "aspect ratio too large";

    /// <summary>Prepares an image.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <exception cref="BadSampleException">It is no usable image, or not one that is wanted; nothing is decoded where the header tells.</exception>
    public PreparedImage Prepare(ReadOnlyMemory<byte> encoded)
    {
        var header = ImageDecoder.ReadHeader(encoded.Span, options.PixelLimit);
        var (width, height) = (header.Width, header.Height);
        Refuse(width, height);
        var plan = ResizePlan.Of(width, height, options);
        if (Math.Max(plan.CanvasWidth, plan.CanvasHeight) > ImagePreparationOptions.MostSide || (long)plan.CanvasWidth * plan.CanvasHeight > options.PixelLimit)
        {
            throw new BadImageException(BadImageException.TooLarge, $"{width}x{height} pixels would become {plan.CanvasWidth}x{plan.CanvasHeight}");
        }

        var isTurned = header.Origin is not (SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default);
        var extension = ExtensionOf(header.Format);
        var content = encoded;
        if (plan.KeepsPixels && !isTurned && extension is not null)
        {
            Verify(encoded.Span, header);
        }
        else
        {
            (content, extension) = (Draw(encoded.Span, plan, header.Origin), "jpg");
        }

        var isOnSide = ImageTurn.SwapsSides(header.Origin);
        return new PreparedImage(
            content,
            extension,
            isOnSide ? plan.CanvasHeight : plan.CanvasWidth,
            isOnSide ? plan.CanvasWidth : plan.CanvasHeight,
            isOnSide ? height : width,
            isOnSide ? width : height);
    }

    /// <summary>The extension of a format that shards take as it is; null for others.</summary>
    private static string? ExtensionOf(SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => "jpg",
        SKEncodedImageFormat.Png => "png",
        SKEncodedImageFormat.Webp => "webp",
        _ => null,
    };

    private void Refuse(int width, int height)
    {
        var (shortSide, longSide) = (Math.Min(width, height), Math.Max(width, height));
        if (shortSide < options.MinSide)
        {
            throw new BadSampleException(TooSmall, $"{TooSmall}: {width}x{height} pixels, the short side has at least {options.MinSide}");
        }

        if ((double)longSide / shortSide > options.MaxAspectRatio)
        {
            throw new BadSampleException(TooLong, FormattableString.Invariant($"{TooLong}: {width}x{height} pixels, at most {options.MaxAspectRatio:0.###}"));
        }
    }

    /// <summary>Decodes and forgets: all of the file is read, a JPEG at an eighth of its size.</summary>
    private void Verify(ReadOnlySpan<byte> encoded, ImageHeader header)
    {
        if (options.Verify)
        {
            ImageDecoder.DecodeRegion(encoded, (width, height) => (CropBox.Whole(width, height), header.Format == SKEncodedImageFormat.Jpeg ? 8 : 1), options.PixelLimit).Dispose();
        }
    }

    private byte[] Draw(ReadOnlySpan<byte> encoded, ResizePlan plan, SKEncodedOrigin origin)
    {
        using var region = ImageDecoder.DecodeRegion(
            encoded, (_, _) => (plan.Crop, options.ReducedDecoding ? ReducedDecoding.Of(plan.Times) : 1), options.PixelLimit);
        var rgb = ArrayPool<byte>.Shared.Rent(plan.Width * plan.Height * 3);
        try
        {
            var pixels = rgb.AsSpan(0, plan.Width * plan.Height * 3);
            Resampler.Resize(
                region.Image,
                region.Columns(plan.Crop.Left, plan.Crop.Width, plan.Width),
                region.Rows(plan.Crop.Top, plan.Crop.Height, plan.Height),
                mirror: false,
                pixels);
            return Encode(pixels, plan, origin);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rgb);
        }
    }

    /// <summary>A JPEG of the pixels, turned and with the border.</summary>
    /// <param name="rgb">Red, green, blue, <c>[Height, Width, 3]</c> of the plan.</param>
    /// <param name="plan">The sizes, as stored.</param>
    /// <param name="origin">How the stored pixels lie.</param>
    private unsafe byte[] Encode(ReadOnlySpan<byte> rgb, ResizePlan plan, SKEncodedOrigin origin)
    {
        var (width, height) = ImageTurn.SwapsSides(origin) ? (plan.CanvasHeight, plan.CanvasWidth) : (plan.CanvasWidth, plan.CanvasHeight);
        var length = width * height * DecodedImage.PixelBytes;
        var canvas = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            canvas.AsSpan(0, length).Fill(byte.MaxValue); // white; and no alpha
            ImageTurn.Draw(rgb, plan, origin, canvas, width);
            fixed (byte* pixels = canvas)
            {
                using var pixmap = new SKPixmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), (nint)pixels);
                using var file = pixmap.Encode(new SKJpegEncoderOptions(options.Quality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore));
                return file?.ToArray() ?? throw new BadImageException(BadImageException.Corrupt, $"a JPEG of {width}x{height} pixels cannot be made of it");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(canvas);
        }
    }
}
