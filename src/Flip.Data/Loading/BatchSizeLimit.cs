using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>A batch's pixels are one array, which .NET limits to about 2 GiB.</summary>
internal static class BatchSizeLimit
{
    /// <summary>Refuses a batch that does not fit.</summary>
    /// <param name="setting">Full key of the batch size.</param>
    /// <param name="batchSize">Images of a batch.</param>
    /// <param name="imageSize">Height and width of an image, pixels.</param>
    /// <exception cref="ConfigException">It names the setting and the largest batch that fits.</exception>
    public static void Check(string setting, int batchSize, int imageSize)
    {
        var largest = BatchReading.LargestBatch(imageSize);
        if (batchSize > largest)
        {
            throw new ConfigException(
                $"{setting} = {batchSize}: the pixels of a batch are beyond 2 GiB at model.image.imageSize = {imageSize}; "
                + (largest > 0 ? $"at most {largest} images fit." : "not even one image fits."));
        }
    }
}
