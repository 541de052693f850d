using Flip.Config;
using Flip.Data.Formats;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.ZeroShot;

/// <summary>
/// A linear classifier made of words (CLIP, section 3.1.4): a class is the mean of the embeddings of its name in every
/// template, brought back to length 1.
/// </summary>
public sealed class ZeroShotClassifier
{
    private ZeroShotClassifier(IReadOnlyList<string> classNames, float[] weights, int embedDim)
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
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <param name="templates">Texts with <c>{c}</c> for the name.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ConfigException">No classes, no templates, an empty name, or a template without <c>{c}</c>.</exception>
    public static ZeroShotClassifier Build(
        IDualEncoder encoder,
        ITokenizer tokenizer,
        IReadOnlyList<string> classNames,
        IReadOnlyList<string> templates,
        int batchSize = 64,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        Check(classNames, templates);
        var dim = encoder.EmbedDim;
        var sums = new double[classNames.Count * dim];
        var prompts = classNames.SelectMany(name => templates.Select(template => ClassTemplates.Render(template, name)));
        var prompt = 0;
        foreach (var embeddings in Embeddings.OfTexts(encoder, tokenizer, prompts, batchSize, cancellation))
        {
            for (var row = 0; row < embeddings.Length / dim; row++, prompt++)
            {
                var sum = sums.AsSpan(prompt / templates.Count * dim, dim);
                for (var i = 0; i < dim; i++)
                {
                    sum[i] += embeddings[(row * dim) + i];
                }
            }
        }

        return new ZeroShotClassifier(classNames, Normalize(sums, dim), dim);
    }

    /// <summary>Refuses lists that make no classifier, telling every problem.</summary>
    /// <exception cref="ConfigException">See <see cref="Build"/>.</exception>
    public static void Check(IReadOnlyList<string> classNames, IReadOnlyList<string> templates)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(templates);
        List<string> problems =
        [
            .. classNames.Count == 0 ? ["There are no classes: the list of class names is empty."] : Array.Empty<string>(),
            .. templates.Count == 0 ? ["There are no templates: the list is empty."] : Array.Empty<string>(),
            .. classNames.Index().Where(c => string.IsNullOrWhiteSpace(c.Item)).Select(c => $"Class {c.Index} has an empty name."),
            .. templates.Index()
                .Where(t => !t.Item.Contains(ClassTemplates.Placeholder, StringComparison.Ordinal))
                .Select(t => $"Template {t.Index + 1}, '{t.Item}', has no {ClassTemplates.Placeholder} for the name of the class."),
        ];
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
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
