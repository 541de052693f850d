using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation;

/// <summary>Runs images and texts through an encoder in batches and checks what comes back.</summary>
internal static class Embeddings
{
    /// <summary>Embeds one batch of images.</summary>
    /// <returns><c>[count, D]</c>.</returns>
    /// <exception cref="ArgumentException">There are not as many pixels as the count says.</exception>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    public static float[] OfImages(IDualEncoder encoder, ReadOnlyMemory<byte> pixels, int count)
    {
        CheckPixels(pixels, count, encoder.ImageSize);
        return Checked(encoder.EncodeImages(pixels, count), count, encoder.EmbedDim, "image");
    }

    /// <summary>Pooled features of one batch of images.</summary>
    /// <returns><c>[count, FeatureDim]</c>.</returns>
    /// <exception cref="ArgumentException">There are not as many pixels as the count says.</exception>
    /// <exception cref="ArithmeticException">A feature is not finite.</exception>
    public static float[] OfPooled(IImageFeatures encoder, ReadOnlyMemory<byte> pixels, int count)
    {
        CheckPixels(pixels, count, encoder.ImageSize);
        return Checked(encoder.PoolImages(pixels, count), count, encoder.FeatureDim, "image");
    }

    /// <summary>Embeds a stream of texts, <paramref name="batchSize"/> at a time.</summary>
    /// <returns>For each batch its embeddings, <c>[count, D]</c>.</returns>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    public static IEnumerable<float[]> OfTexts(
        IDualEncoder encoder, ITokenizer tokenizer, IEnumerable<string> texts, int batchSize, CancellationToken cancellation)
    {
        foreach (var batch in texts.Chunk(batchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return OfTexts(encoder, tokenizer, batch);
        }
    }

    /// <summary>Embeds one batch of texts.</summary>
    /// <returns><c>[texts, D]</c>.</returns>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    public static float[] OfTexts(IDualEncoder encoder, ITokenizer tokenizer, IReadOnlyList<string> texts)
    {
        var length = encoder.TextLength;
        var tokens = new int[texts.Count * length];
        var lengths = new int[texts.Count];
        for (var i = 0; i < texts.Count; i++)
        {
            lengths[i] = tokenizer.EncodeRow(texts[i], tokens.AsSpan(i * length, length));
        }

        return Checked(encoder.EncodeTexts(tokens, lengths, texts.Count), texts.Count, encoder.EmbedDim, "text");
    }

    private static void CheckPixels(ReadOnlyMemory<byte> pixels, int count, int size)
    {
        var expected = (long)count * size * size * 3;
        if (pixels.Length != expected)
        {
            throw new ArgumentException($"{count} images of {size}×{size}×3 are {expected} bytes, not {pixels.Length}.", nameof(pixels));
        }
    }

    // A comparison with NaN is false, so a broken model would look perfect: ranks count the scores above the right one.
    private static float[] Checked(float[] embeddings, int count, int dim, string kind)
    {
        if (embeddings.Length != (long)count * dim)
        {
            throw new InvalidOperationException(
                $"The {kind} encoder gave {embeddings.Length} numbers for {count} embeddings of {dim}.");
        }

        var bad = Array.FindIndex(embeddings, value => !float.IsFinite(value));
        return bad < 0 ? embeddings : throw new ArithmeticException(
            $"The {kind} encoder gave {embeddings[bad]} in an embedding: the weights are not usable.");
    }
}
