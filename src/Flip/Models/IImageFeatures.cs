using Flip.Devices;

namespace Flip.Models;

/// <summary>Images to the image tower's own features, over plain memory: what linear probes need of a model.</summary>
public interface IImageFeatures
{
    /// <summary>Height and width S of an image, pixels.</summary>
    int ImageSize { get; }

    /// <summary>Width of the features.</summary>
    int FeatureDim { get; }

    /// <summary>Puts images with their pooled features, before the projection, into the device's queue; the pixels may be written again.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns>Features as they are, not normalised, <c>[count, FeatureDim]</c>.</returns>
    PendingResult SubmitPooled(ReadOnlyMemory<byte> pixels, int count);
}
