using Flip.Collectives;
using Flip.Devices;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation;

/// <summary>Runs images and texts through an encoder in batches and checks what comes back.</summary>
internal static class Embeddings
{
    /// <summary>Sends one batch of images to be embedded.</summary>
    /// <exception cref="ArgumentException">There are not as many pixels as the count says.</exception>
    public static PendingResult OfImages(IDualEncoder encoder, ReadOnlyMemory<byte> pixels, int count)
    {
        CheckPixels(pixels, count, encoder.ImageSize);
        return encoder.SubmitImages(pixels, count);
    }

    /// <summary>Sends one batch of images for their pooled features.</summary>
    /// <exception cref="ArgumentException">There are not as many pixels as the count says.</exception>
    public static PendingResult OfPooled(IImageFeatures encoder, ReadOnlyMemory<byte> pixels, int count)
    {
        CheckPixels(pixels, count, encoder.ImageSize);
        return encoder.SubmitPooled(pixels, count);
    }

    /// <summary>Embeds a stream of texts, <paramref name="batchSize"/> at a time, one batch ahead.</summary>
    /// <param name="encoder">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="texts">The texts, the same on all ranks.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="ranks">Who shares the batches.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>For each batch its embeddings, <c>[count, D]</c>; all of them on every rank.</returns>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    public static IEnumerable<float[]> OfTexts(
        IDualEncoder encoder, ITokenizer tokenizer, IEnumerable<string> texts, int batchSize, ICommunicator ranks, CancellationToken cancellation)
    {
        SameWork.Require(ranks, $"{batchSize} texts at a time", $"embeddings of {encoder.EmbedDim}");
        return SharedBatches.Read(
            ranks,
            turn => OneAhead.Read(Send(turn), cancellation).Select(read => Checked(read.Numbers, read.Batch, encoder.EmbedDim, "text")),
            cancellation);

        IEnumerable<(int Count, PendingResult? Result)> Send(Turn turn)
        {
            foreach (var (_, batch) in texts.Chunk(batchSize).Index().Where(batch => turn.Has(batch.Index)))
            {
                cancellation.ThrowIfCancellationRequested();
                yield return (batch.Length, OfTexts(encoder, tokenizer, batch));
            }
        }
    }

    /// <summary>Sends one batch of texts to be embedded.</summary>
    public static PendingResult OfTexts(IDualEncoder encoder, ITokenizer tokenizer, IReadOnlyList<string> texts)
    {
        var length = encoder.TextLength;
        var tokens = new int[texts.Count * length];
        var lengths = new int[texts.Count];
        for (var i = 0; i < texts.Count; i++)
        {
            lengths[i] = tokenizer.EncodeRow(texts[i], tokens.AsSpan(i * length, length));
        }

        return encoder.SubmitTexts(tokens, lengths, texts.Count);
    }

    private static void CheckPixels(ReadOnlyMemory<byte> pixels, int count, int size)
    {
        var expected = (long)count * size * size * 3;
        if (pixels.Length != expected)
        {
            throw new ArgumentException($"{count} images of {size}×{size}×3 are {expected} bytes, not {pixels.Length}.", nameof(pixels));
        }
    }

    /// <summary>What came back of a batch, if it is usable.</summary>
    /// <returns><c>[count, dim]</c>.</returns>
    /// <exception cref="ArithmeticException">A number is not finite.</exception>
    public static float[] Checked(float[] embeddings, int count, int dim, string kind)
    {
        if (embeddings.Length != (long)count * dim)
        {
            throw new InvalidOperationException(
                $"The {kind} encoder gave {embeddings.Length} numbers for {count} embeddings of {dim}.");
        }

        // A comparison with NaN is false, so a broken model would look perfect: ranks count the scores above the right one.
        var bad = Array.FindIndex(embeddings, value => !float.IsFinite(value));
        return bad < 0 ? embeddings : throw new ArithmeticException(
            $"The {kind} encoder gave {embeddings[bad]} in an embedding: the weights are not usable.");
    }
}
