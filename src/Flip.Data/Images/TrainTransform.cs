using Flip.Randomness;

namespace Flip.Data.Images;

/// <summary>
/// FLIP's training augmentation: a random crop (<see cref="CropBox.Random"/>) as a square by an antialiasing bicubic kernel, flipped
/// left to right with a probability. What a sample becomes depends on (seed, epoch, sample) alone. Safe to call from several threads.
/// </summary>
/// <param name="size">Height and width S of the result, pixels.</param>
/// <param name="minArea">Smallest share of the area that a crop takes, in (0, 1]; 1 with no aspect that fits is the central crop.</param>
/// <param name="flipProbability">Probability of a flip, in [0, 1].</param>
/// <param name="seed">The run's seed.</param>
/// <param name="reducedDecoding">Whether a JPEG whose crop is at least 2.5 (6, 16) times as wide and high as the result is decoded at half
/// (a quarter, an eighth) of its size. Photos then differ from those of whole decoding by a mean of 0.5 to 1.5 levels.</param>
/// <param name="wholeWhereNoneFits">See <see cref="CropBox.Random"/>.</param>
public sealed class TrainTransform(
    int size, double minArea, double flipProbability, ulong seed, bool reducedDecoding = true, bool wholeWhereNoneFits = false) : IImageTransform
{
    /// <inheritdoc/>
    public int Size => size;

    /// <summary>The crop and the flip of a sample, given the size of its image.</summary>
    public (CropBox Crop, bool Mirror) Draw(int width, int height, long epoch, long sample)
    {
        var random = new CounterRandom(seed, RandomPurpose.Augmentation, epoch, sample);
        var crop = CropBox.Random(width, height, minArea, ref random, wholeWhereNoneFits);
        return (crop, random.NextDouble() < flipProbability);
    }

    /// <summary>Decodes and transforms. Of a JPEG only the crop's rows are decoded, to the same pixels as if it were whole.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="sample">Index of the sample in its data set.</param>
    /// <param name="destination">Receives red, green, blue, <c>[S, S, 3]</c>.</param>
    /// <exception cref="BadImageException">The bytes are no usable image.</exception>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
    {
        var (crop, mirror) = (default(CropBox), false);
        using var region = ImageDecoder.DecodeRegion(encoded, (width, height) =>
        {
            (crop, mirror) = Draw(width, height, epoch, sample);
            return (crop, Reduction(crop));
        });
        Resampler.Resize(
            region.Image,
            region.Columns(crop.Left, crop.Width, size),
            region.Rows(crop.Top, crop.Height, size),
            mirror,
            destination);
    }

    /// <summary>Transforms an image that is decoded already.</summary>
    public void Apply(DecodedImage image, long epoch, long sample, Span<byte> destination)
    {
        var (crop, mirror) = Draw(image.Width, image.Height, epoch, sample);
        Resampler.Resize(image, crop, size, mirror, destination);
    }

    private int Reduction(CropBox crop) => reducedDecoding ? ReducedDecoding.Of((double)Math.Min(crop.Width, crop.Height) / size) : 1;
}
