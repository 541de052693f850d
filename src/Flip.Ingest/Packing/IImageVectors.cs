namespace Flip.Ingest.Packing;

/// <summary>Turns images into vectors that lie near each other where the images show the same: the port to a model's image tower.</summary>
public interface IImageVectors
{
    /// <summary>What the vectors depend on, such as the hash of the weights. Another model in the same folder is refused.</summary>
    string Identity { get; }

    /// <summary>Width D of a vector.</summary>
    int Dim { get; }

    /// <summary>Images of a batch.</summary>
    int BatchSize { get; }

    /// <summary>Embeds a batch. The same images give the same vectors.</summary>
    /// <param name="images">Whole image files, at most <see cref="BatchSize"/>.</param>
    /// <returns>One for each image, L2-normalised, <c>[D]</c>; null of one that cannot be decoded.</returns>
    /// <exception cref="ArithmeticException">The model gives numbers that are not finite.</exception>
    IReadOnlyList<float[]?> Embed(IReadOnlyList<ReadOnlyMemory<byte>> images);
}
