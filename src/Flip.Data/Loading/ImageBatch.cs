namespace Flip.Data.Loading;

/// <summary>Images of an evaluation, in order.</summary>
/// <param name="ImageSize">Height and width S, pixels.</param>
/// <param name="Pixels">RGB 0..255, <c>[batch, S, S, 3]</c>.</param>
/// <param name="Samples">Index of each image in its data set, ascending; without gaps unless missing ones are allowed.</param>
public sealed record ImageBatch(int ImageSize, byte[] Pixels, int[] Samples)
{
    /// <summary>Number of images.</summary>
    public int Size => Samples.Length;
}
