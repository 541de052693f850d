using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Finetuning;

/// <summary>The images of a part of a batch, mixed with their partners in the reversed batch.</summary>
internal static class MixedImages
{
    /// <param name="batch">The whole batch; image i's partner is image batch - 1 - i.</param>
    /// <param name="start">First image of the part.</param>
    /// <param name="count">Images of the part.</param>
    /// <param name="mix">How they are mixed.</param>
    /// <param name="normalization">The tower's.</param>
    /// <param name="device">Where to.</param>
    /// <returns><c>[count, size, size, 3]</c>: uint8, or where pixels are sums fp32, normalised.</returns>
    public static Tensor Of(Batch batch, int start, int count, BatchMix mix, PixelNormalization normalization, Device device)
    {
        var size = batch.ImageSize;
        var pixels = size * size * 3;
        var own = batch.Images.AsSpan(start * pixels, count * pixels).ToArray();
        Tensor ToTensor(byte[] images) => DeviceTraffic.Send<byte>(images, device, count, size, size, 3);
        if (mix.Share == 1)
        {
            return ToTensor(own);
        }

        if (mix.Cut is { } cut)
        {
            for (var i = 0; i < count; i++)
            {
                Paste(batch.Images.AsSpan((batch.Size - 1 - start - i) * pixels, pixels), own.AsSpan(i * pixels, pixels), cut, size);
            }

            return ToTensor(own);
        }

        var partners = new byte[own.Length];
        for (var i = 0; i < count; i++)
        {
            batch.Images.AsSpan((batch.Size - 1 - start - i) * pixels, pixels).CopyTo(partners.AsSpan(i * pixels));
        }

        var (mean, deviation) = PixelStatistics.Of(normalization);
        var levels = ToTensor(own).to(ScalarType.Float32).Times(mix.Share).Plus_(ToTensor(partners).to(ScalarType.Float32), 1 - mix.Share);
        return (levels.Over(255) - DeviceTraffic.Send<float>(mean, device, 3)) / DeviceTraffic.Send<float>(deviation, device, 3);
    }

    private static void Paste(ReadOnlySpan<byte> from, Span<byte> to, MixRectangle cut, int size)
    {
        for (var y = cut.Top; y < cut.Bottom; y++)
        {
            var row = ((y * size) + cut.Left) * 3;
            var length = (cut.Right - cut.Left) * 3;
            from.Slice(row, length).CopyTo(to[row..]);
        }
    }
}
