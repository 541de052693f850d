using SkiaSharp;

namespace Flip.Data.Images;

/// <summary>Small pictures for reports.</summary>
public static class Thumbnail
{
    /// <summary>Sides up to which a picture is written without loss: JPEG shows its blocks there and saves little.</summary>
    private const int Lossless = 64;

    private const int Quality = 85;

    private static ReadOnlySpan<byte> StartOfJpeg => [0xFF, 0xD8, 0xFF];

    /// <summary>An image with its sides' ratio, made smaller if need be, never larger.</summary>
    /// <param name="encoded">The image file's bytes.</param>
    /// <param name="side">Longest side of the result, pixels.</param>
    /// <returns>A JPEG file, or a PNG of a very small picture.</returns>
    /// <exception cref="BadImageException">The bytes are no usable image.</exception>
    public static byte[] Of(ReadOnlySpan<byte> encoded, int side) => Of(encoded, side, Lossless);

    /// <summary>The same, as a JPEG file whatever its size.</summary>
    /// <inheritdoc cref="Of(ReadOnlySpan{byte}, int)"/>
    public static byte[] JpegOf(ReadOnlySpan<byte> encoded, int side) => Of(encoded, side, lossless: 0);

    /// <summary>Whether bytes have the form of a whole JPEG file, by its markers; pixels are not decoded.</summary>
    public static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith(StartOfJpeg) && JpegMarkers.FindDamage(file) is null;

    private static byte[] Of(ReadOnlySpan<byte> encoded, int side, int lossless)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(side);
        using var image = ImageDecoder.Decode(encoded);
        var scale = Math.Min(1, (double)side / Math.Max(image.Width, image.Height));
        var (width, height) = (Length(image.Width, scale), Length(image.Height, scale));
        var rgb = new byte[width * height * 3];
        Resampler.Resize(image, ResampleAxis.Of(0, image.Width, width), ResampleAxis.Of(0, image.Height, height), mirror: false, rgb);
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var small = DecodedImage.FromRgb(width, height, rgb);
        small.Pixels.CopyTo(bitmap.GetPixelSpan());
        using var file = bitmap.Encode(Math.Max(width, height) <= lossless ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg, Quality);
        return file.ToArray();
    }

    private static int Length(int length, double scale) => Math.Max(1, (int)Math.Round(length * scale));
}
