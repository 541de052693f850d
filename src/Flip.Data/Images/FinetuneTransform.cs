using Flip.Config;
using Flip.Data.Images.Augmentation;
using Flip.Models;
using Flip.Randomness;

namespace Flip.Data.Images;

/// <summary>
/// The augmentation of fine-tuning: the random crop and flip of training with a smaller crop, then RandAugment with the mean colour as
/// background, then random erasing. What a sample becomes depends on (seed, epoch, sample) alone. Safe to call from several threads.
/// </summary>
/// <param name="size">Height and width S of the result, pixels.</param>
/// <param name="config">Crop, flip, RandAugment, erasing and seed.</param>
/// <param name="normalization">The tower's, for the mean colour.</param>
public sealed class FinetuneTransform(int size, FinetuneConfig config, PixelNormalization normalization) : IImageTransform
{
    private readonly TrainTransform _crop = new(
        size, config.CropMinArea, config.FlipProbability, (ulong)config.Seed, wholeWhereNoneFits: true);

    private readonly RandAugment _randAugment = new(
        config.RandAugment,
        config.RandAugmentMagnitude,
        config.RandAugmentDeviation,
        Array.ConvertAll(PixelStatistics.Of(normalization).Mean, mean => (byte)Math.Round(255 * mean)));

    private readonly RandomErasing _erasing = new(
        config.Erasing, PixelStatistics.Of(normalization).Mean, PixelStatistics.Of(normalization).Deviation);

    /// <inheritdoc/>
    public int Size => size;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
    {
        _crop.Apply(encoded, epoch, sample, destination);
        var random = new CounterRandom((ulong)config.Seed, RandomPurpose.Distortion, epoch, sample);
        _randAugment.Apply(destination, size, ref random);
        _erasing.Apply(destination, size, ref random);
    }
}
