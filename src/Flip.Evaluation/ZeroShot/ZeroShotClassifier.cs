using Flip.Collectives;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.ZeroShot;

/// <summary>
/// A linear classifier made of words (CLIP, section 3.1.4): a class is the mean of the embeddings of its prompts, brought back to length 1.
/// </summary>
public sealed class ZeroShotClassifier
{
    internal ZeroShotClassifier(IReadOnlyList<string> classNames, float[] weights, int embedDim)
    {
        (ClassNames, Weights, EmbedDim) = (classNames, weights, embedDim);
    }

    /// <summary>Names in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>One row of length 1 per class, <c>[classes, EmbedDim]</c>.</summary>
    public float[] Weights { get; }

    /// <summary>Width of a row.</summary>
    public int EmbedDim { get; }

    /// <summary>Makes the classifier of a model.</summary>
    /// <param name="encoder">The model.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="prompts">The texts of each class.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="ranks">Who shares the texts, all of which get the classifier; null for this process alone.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public static ZeroShotClassifier Build(
        IDualEncoder encoder,
        ITokenizer tokenizer,
        ClassPrompts prompts,
        int batchSize = 64,
        ICommunicator? ranks = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        return Of(
            prompts,
            Embeddings.OfTexts(encoder, tokenizer, prompts.Texts.SelectMany(texts => texts), batchSize, ranks ?? OneProcess.Instance, cancellation),
            encoder.EmbedDim);
    }

    /// <summary>Makes the classifier of embeddings that were computed elsewhere.</summary>
    /// <param name="prompts">The texts of each class.</param>
    /// <param name="embeddings">Embeddings of all texts of the first class, then of the second, and so on, batch by batch, <c>[count, embedDim]</c> each.</param>
    /// <param name="embedDim">Width of an embedding.</param>
    /// <exception cref="ArgumentException">There are not as many as texts.</exception>
    public static ZeroShotClassifier Of(ClassPrompts prompts, IEnumerable<float[]> embeddings, int embedDim)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embedDim);
        var sums = new double[prompts.ClassNames.Count * embedDim];
        using var classes = prompts.Texts.SelectMany((texts, label) => Enumerable.Repeat(label, texts.Count)).GetEnumerator();
        foreach (var batch in embeddings)
        {
            for (var start = 0; start < batch.Length; start += embedDim)
            {
                if (!classes.MoveNext())
                {
                    throw new ArgumentException("There are more embeddings than texts.", nameof(embeddings));
                }

                var sum = sums.AsSpan(classes.Current * embedDim, embedDim);
                for (var i = 0; i < embedDim; i++)
                {
                    sum[i] += batch[start + i];
                }
            }
        }

        return classes.MoveNext()
            ? throw new ArgumentException("There are fewer embeddings than texts.", nameof(embeddings))
            : new ZeroShotClassifier(prompts.ClassNames, Normalize(sums, embedDim), embedDim);
    }

    // A sum has the direction of the mean. One that cancels out has none: it stays 0 and scores 0 against every image.
    private static float[] Normalize(double[] rows, int dim)
    {
        var normalized = new float[rows.Length];
        for (var start = 0; start < rows.Length; start += dim)
        {
            var norm = 0.0;
            foreach (var value in rows.AsSpan(start, dim))
            {
                norm += value * value;
            }

            norm = Math.Max(Math.Sqrt(norm), double.Epsilon);
            for (var i = start; i < start + dim; i++)
            {
                normalized[i] = (float)(rows[i] / norm);
            }
        }

        return normalized;
    }
}
