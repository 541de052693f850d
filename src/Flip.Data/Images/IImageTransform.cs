namespace Flip.Data.Images;

/// <summary>Turns the bytes of an image file into pixels of one size. Safe to call from several threads.</summary>
public interface IImageTransform
{
    /// <summary>Height and width S of the result, pixels.</summary>
    int Size { get; }

    /// <summary>Decodes and transforms one image. What is random about it is a function of (epoch, sample) alone.</summary>
    /// <param name="encoded">A whole image file.</param>
    /// <param name="epoch">Epoch, from 0; evaluation passes 0.</param>
    /// <param name="sample">Index of the sample in its data set.</param>
    /// <param name="destination">Receives RGB pixels 0..255, <c>[S, S, 3]</c>.</param>
    /// <exception cref="BadSampleException">The file is no image that can be used.</exception>
    void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination);
}
