namespace Flip.Training;

/// <summary>
/// Image-text pairs, or images with their classes, in plain memory, as the loader's threads hand them over (tensors belong to the thread that
/// made them).
/// </summary>
/// <param name="ImageSize">Height and width S of every image, pixels.</param>
/// <param name="TextLength">Tokens T in a row; 0 where there are classes instead of texts.</param>
/// <param name="Images">RGB pixels 0..255, <c>[batch, S, S, 3]</c>.</param>
/// <param name="Tokens">Token ids, padded, <c>[batch, T]</c>.</param>
/// <param name="Lengths">Valid tokens of each row, <c>[batch]</c>.</param>
/// <param name="Samples">Index of each sample in its data set, <c>[batch]</c>; with <paramref name="Epochs"/> it keys the masks.</param>
/// <param name="Epochs">Epoch of each sample, <c>[batch]</c>.</param>
public sealed record Batch(
    int ImageSize, int TextLength, byte[] Images, int[] Tokens, int[] Lengths, long[] Samples, int[] Epochs)
{
    /// <summary>Number of samples.</summary>
    public int Size => Samples.Length;

    /// <summary>Class of each image, <c>[batch]</c>; empty where there are texts.</summary>
    public int[] Labels { get; init; } = [];
}
