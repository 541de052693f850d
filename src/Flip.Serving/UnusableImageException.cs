using Flip.Data.Images;

namespace Flip.Serving;

/// <summary>One of a request's images that is none, is damaged, or is too large.</summary>
/// <param name="place">Its place among the images of the request, from 0.</param>
/// <param name="problem">What is wrong with it.</param>
public sealed class UnusableImageException(int place, BadImageException problem)
    : FlipException(FormattableString.Invariant($"Image {place + 1} cannot be used: {problem?.Message}."), problem)
{
    /// <summary>Its place among the images of the request, from 0.</summary>
    public int Place { get; } = place;
}
