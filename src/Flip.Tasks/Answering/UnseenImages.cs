using Flip.Data.Images;

namespace Flip.Tasks.Answering;

/// <summary>Decodes nothing, for the baseline that sees no image.</summary>
internal sealed class UnseenImages : IImageTransform
{
    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination) => destination.Clear();
}
