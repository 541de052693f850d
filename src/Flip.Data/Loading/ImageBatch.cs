using System.Collections.ObjectModel;

namespace Flip.Data.Loading;

/// <summary>Images of an evaluation, in order.</summary>
/// <param name="ImageSize">Height and width S, pixels.</param>
/// <param name="Pixels">RGB 0..255, <c>[batch, S, S, 3]</c>; longer where images are missing.</param>
/// <param name="Samples">Index of each image in its data set, ascending; without gaps unless missing ones are allowed.</param>
public sealed record ImageBatch(int ImageSize, byte[] Pixels, int[] Samples)
{
    /// <summary>Number of images.</summary>
    public int Size => Samples.Length;

    /// <summary>What is wrong with each image that was left out, by its index in the data set.</summary>
    public IReadOnlyDictionary<int, string> Missing { get; init; } = ReadOnlyDictionary<int, string>.Empty;

    /// <summary>The pixels of the images that are there.</summary>
    public ReadOnlyMemory<byte> Present => Pixels.AsMemory(0, Size * ImageSize * ImageSize * 3);
}
