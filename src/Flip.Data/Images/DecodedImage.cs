using System.Buffers;

namespace Flip.Data.Images;

/// <summary>
/// Pixels of one image in pooled memory; dispose of it to give the memory back. A pixel takes four bytes, red, green, blue and one
/// without meaning: the decoder writes that form, and the resampler reads a pixel as one vector, so that neither repacks.
/// </summary>
public sealed class DecodedImage : IDisposable
{
    /// <summary>Bytes of a pixel in <see cref="Pixels"/>.</summary>
    public const int PixelBytes = 4;

    // The resampler reads pixels in pairs, hence up to one pixel behind the last.
    private const int Slack = PixelBytes;

    private byte[]? _buffer;

    /// <summary>An image with undefined pixels.</summary>
    internal DecodedImage(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Width = width;
        Height = height;
        _buffer = ArrayPool<byte>.Shared.Rent(checked((width * height * PixelBytes) + Slack));
    }

    /// <summary>Width in pixels, at least 1.</summary>
    public int Width { get; }

    /// <summary>Height in pixels, at least 1.</summary>
    public int Height { get; }

    /// <summary>Red, green, blue and a byte without meaning, <c>[height, width, 4]</c>.</summary>
    public ReadOnlySpan<byte> Pixels => WithSlack[..^Slack];

    /// <summary>The pixels, and behind them one that may be read but means nothing.</summary>
    internal Span<byte> WithSlack => Buffer.AsSpan(0, (Width * Height * PixelBytes) + Slack);

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(DecodedImage));

    /// <summary>Copies packed pixels.</summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="rgb">Red, green, blue, <c>[height, width, 3]</c>.</param>
    public static DecodedImage FromRgb(int width, int height, ReadOnlySpan<byte> rgb)
    {
        if (rgb.Length != (long)width * height * 3)
        {
            throw new ArgumentException($"{width}x{height} pixels take {(long)width * height * 3} bytes, not {rgb.Length}.", nameof(rgb));
        }

        var image = new DecodedImage(width, height);
        var pixels = image.WithSlack;
        for (var i = 0; i < width * height; i++)
        {
            rgb.Slice(i * 3, 3).CopyTo(pixels[(i * PixelBytes)..]);
            pixels[(i * PixelBytes) + 3] = byte.MaxValue;
        }

        return image;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
