namespace Flip.Data.Images;

/// <summary>One random view of each image: a training transform as of one epoch, in whatever epoch it is asked.</summary>
/// <param name="transform">Draws by (epoch, sample).</param>
/// <param name="view">The epoch that it is drawn as.</param>
public sealed class RandomView(IImageTransform transform, int view) : IImageTransform
{
    /// <inheritdoc/>
    public int Size => transform.Size;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination) =>
        transform.Apply(encoded, view, sample, destination);
}
