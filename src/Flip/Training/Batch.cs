namespace Flip.Training;

/// <summary>
/// Image-text pairs, or images with their classes, in plain memory, as the loader's threads hand them over (tensors belong to the thread that
/// made them). It is its receiver's until it is disposed of; then its source may write the next one into it.
/// </summary>
/// <param name="ImageSize">Height and width S of every image, pixels.</param>
/// <param name="TextLength">Tokens T in a row; 0 where there are classes instead of texts.</param>
/// <param name="Images">RGB pixels 0..255, <c>[batch, S, S, 3]</c>; empty where <see cref="Rows"/> has what is kept of them.</param>
/// <param name="Tokens">Token ids, padded, <c>[batch, T]</c>.</param>
/// <param name="Lengths">Valid tokens of each row, <c>[batch]</c>.</param>
/// <param name="Samples">Index of each sample in its data set, <c>[batch]</c>; with <paramref name="Epochs"/> it keys the masks.</param>
/// <param name="Epochs">Epoch of each sample, <c>[batch]</c>.</param>
public sealed record Batch(
    int ImageSize, int TextLength, byte[] Images, int[] Tokens, int[] Lengths, long[] Samples, int[] Epochs) : IDisposable
{
    /// <summary>Number of samples.</summary>
    public int Size => Samples.Length;

    /// <summary>Class of each image, <c>[batch]</c>; empty where there are texts.</summary>
    public int[] Labels { get; init; } = [];

    /// <summary>The pairs laid out for a step; null where a source hands over whole images.</summary>
    public PairRows? Rows { get; init; }

    /// <summary>Takes the batch back into its source; null where it is left to the garbage collector.</summary>
    public Action<Batch>? Release { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Release?.Invoke(this);
}
