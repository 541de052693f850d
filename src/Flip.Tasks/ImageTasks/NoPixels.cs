using Flip.Data;
using Flip.Data.Images;

namespace Flip.Tasks.ImageTasks;

/// <summary>Decodes nothing: the tokens of the images are there already (<see cref="TowerTokens"/>). An image that could not be read is replaced here as elsewhere.</summary>
/// <param name="tokens">The tokens.</param>
/// <param name="imageOf">The image of a sample; null where their numbers are the same.</param>
internal sealed class NoPixels(TowerTokens tokens, Func<long, long>? imageOf = null) : IImageTransform
{
    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
    {
        if (tokens.IsMissing(imageOf?.Invoke(sample) ?? sample))
        {
            throw new BadSampleException("undecodable image", "its tokens could not be computed");
        }
    }
}
