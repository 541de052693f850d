using System.Text;
using Flip.Data;
using Flip.Data.Images;

namespace Flip.Tests.Data;

/// <summary>Copies the file's bytes, then epoch and sample, into the pixels; a file that begins with BAD is a bad image.</summary>
internal sealed class FakeTransform(int size = 4) : IImageTransform
{
    /// <summary>Runs before every image.</summary>
    public Action<long>? Before { get; init; }

    public int Size => size;

    public static string TextOf(byte[] images, int row, int size = 4) =>
        Encoding.Latin1.GetString(images, row * size * size * 3, (size * size * 3) - 2).TrimEnd('\0');

    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
    {
        Before?.Invoke(sample);
        if (encoded.StartsWith("BAD"u8))
        {
            throw new BadSampleException("truncated image", "a bad image");
        }

        destination.Clear();
        encoded[..Math.Min(encoded.Length, destination.Length - 2)].CopyTo(destination);
        destination[^2] = (byte)epoch;
        destination[^1] = (byte)sample;
    }
}
