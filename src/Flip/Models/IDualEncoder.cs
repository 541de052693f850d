using Flip.Devices;

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

    /// <summary>Puts images with their embedding into the device's queue; nothing is waited for, and the pixels may be written again.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>.</returns>
    PendingResult SubmitImages(ReadOnlyMemory<byte> pixels, int count);

    /// <summary>Puts texts with their embedding into the device's queue; nothing is waited for.</summary>
    /// <param name="tokens">Ids, padded, <c>[count, T]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[count]</c>.</param>
    /// <param name="count">Number of texts.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>.</returns>
    PendingResult SubmitTexts(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, int count);
}

/// <summary>One batch of an <see cref="IDualEncoder"/>, sent and read at once.</summary>
public static class DualEncoding
{
    /// <summary>Embeds images.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Number of images.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>, row-major.</returns>
    public static float[] EncodeImages(this IDualEncoder encoder, ReadOnlyMemory<byte> pixels, int count)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        using var result = encoder.SubmitImages(pixels, count);
        return result.Read();
    }

    /// <summary>Embeds texts.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="tokens">Ids, padded, <c>[count, T]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[count]</c>.</param>
    /// <param name="count">Number of texts.</param>
    /// <returns>L2-normalised embeddings, <c>[count, EmbedDim]</c>, row-major.</returns>
    public static float[] EncodeTexts(this IDualEncoder encoder, ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, int count)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        using var result = encoder.SubmitTexts(tokens, lengths, count);
        return result.Read();
    }
}
