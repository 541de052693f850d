using Flip.Config;
using Flip.Data.Images.Augmentation;
using Flip.Models;
using Flip.Randomness;

namespace Flip.Data.Images;

/// <summary>
/// The augmentation of pre-training: FLIP's crop and flip, and where settings ask for it colour jitter, removal of colour and random erasing. What a sample becomes depends on
/// (seed, epoch, sample) alone. Safe to call from several threads.
/// </summary>
/// <param name="size">Height and width S of the result, pixels.</param>
/// <param name="config">Crop, flip and colours.</param>
/// <param name="normalization">The tower's, for the mean colour.</param>
/// <param name="seed">The run's seed.</param>
public sealed class PretrainTransform(int size, DataConfig config, PixelNormalization normalization, ulong seed) : IImageTransform
{
    private readonly TrainTransform _crop = new(size, config.CropMinArea, config.FlipProbability, seed, config.ReducedDecoding);
    private readonly ColorJitter _jitter = new(config.ColorJitter, config.ColorJitterProbability, config.Grayscale);
    private readonly RandomErasing _erasing = new(config.Erasing, PixelStatistics.Of(normalization).Mean, PixelStatistics.Of(normalization).Deviation);
    private readonly bool _isPlain = config is { ColorJitter: 0, Grayscale: 0, Erasing: 0 };

    /// <inheritdoc/>
    public int Size => size;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
    {
        _crop.Apply(encoded, epoch, sample, destination);
        if (!_isPlain)
        {
            var random = new CounterRandom(seed, RandomPurpose.Distortion, epoch, sample);
            _jitter.Apply(destination, ref random);
            _erasing.Apply(destination, size, ref random);
        }
    }
}
