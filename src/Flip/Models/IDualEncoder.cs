namespace Flip.Models;

/// <summary>Images and texts to one embedding space, over plain memory: all that an evaluation needs of a model.</summary>
public interface IDualEncoder
{
    /// <summary>Height and width S of an image, pixels.</summary>
    int ImageSize { get; }

    /// <summary>Tokens T in a row.</summary>
    int TextLength { get; }

    /// <summary>Width of the embeddings.</summary>
    int EmbedDim { get; }

    /// <summary>Embeds images.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>, row-major.</returns>
    float[] EncodeImages(ReadOnlyMemory<byte> pixels, int count);

    /// <summary>Embeds texts.</summary>
    /// <param name="tokens">Ids, padded, <c>[count, T]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[count]</c>.</param>
    /// <param name="count">Number of texts.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>, row-major.</returns>
    float[] EncodeTexts(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, int count);
}
