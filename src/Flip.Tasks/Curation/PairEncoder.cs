using Flip.Data;
using Flip.Data.Images;
using Flip.Devices;
using Flip.Evaluation;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Storage;

namespace Flip.Tasks.Curation;

/// <summary>Files of images, and captions, to a model's embeddings. Images are seen as in an evaluation.</summary>
internal sealed class PairEncoder
{
    private readonly InferenceEncoder _encoder;
    private readonly LoadedModel _model;
    private readonly EvaluationTransform _transform;
    private readonly ParallelOptions _threads;

    /// <summary>The encoder of a model.</summary>
    /// <param name="loaded">The model.</param>
    public PairEncoder(LoadedModel loaded)
    {
        _encoder = new MaskChoice(InferenceMask.None, null).Encoder(loaded);
        _model = loaded;
        _transform = EvaluationTransform.Of(loaded.Config);
        _threads = new ParallelOptions { MaxDegreeOfParallelism = loaded.Config.Data.Workers > 0 ? loaded.Config.Data.Workers : Processors.Available };
        BatchSize = loaded.BatchSize;
    }

    /// <summary>Width D of an embedding.</summary>
    public int Dim => _encoder.EmbedDim;

    /// <summary>Images or texts that are embedded at a time.</summary>
    public int BatchSize { get; }

    /// <summary>Decodes images and sends those that can be used to be embedded.</summary>
    /// <param name="images">Whole image files, at most <see cref="BatchSize"/>.</param>
    /// <returns>Why each cannot be used, null where it can; and the embeddings of the others, <c>[used, D]</c>, null where there is none.</returns>
    public (BadSampleException?[] Problems, PendingResult? Embeddings) Images(IReadOnlyList<ReadOnlyMemory<byte>> images)
    {
        var bytes = _transform.Size * _transform.Size * 3;
        var pixels = new byte[images.Count * bytes];
        var problems = new BadSampleException?[images.Count];
        Parallel.For(0, images.Count, _threads, i =>
        {
            try
            {
                _transform.Apply(images[i].Span, pixels.AsSpan(i * bytes, bytes));
            }
            catch (BadSampleException e)
            {
                problems[i] = e;
            }
        });
        var used = 0;
        for (var i = 0; i < images.Count; i++)
        {
            if (problems[i] is null)
            {
                pixels.AsSpan(i * bytes, bytes).CopyTo(pixels.AsSpan(used++ * bytes));
            }
        }

        return (problems, used > 0 ? Embeddings.OfImages(_encoder, pixels.AsMemory(0, used * bytes), used) : null);
    }

    /// <summary>Embeds texts, a batch at a time.</summary>
    /// <returns><c>[texts, D]</c>.</returns>
    /// <exception cref="ArithmeticException">A number is not finite.</exception>
    public float[] Texts(IReadOnlyList<string> texts)
    {
        var embeddings = new float[texts.Count * Dim];
        var done = 0;
        foreach (var batch in texts.Chunk(BatchSize))
        {
            using var result = Embeddings.OfTexts(_encoder, _model.Tokenizer, batch);
            Embeddings.Checked(result.Read(), batch.Length, Dim, "text").CopyTo(embeddings, done);
            done += batch.Length * Dim;
        }

        return embeddings;
    }

    /// <summary>Reads embeddings of images that were sent, if they can be used.</summary>
    /// <exception cref="ArithmeticException">A number is not finite: a comparison with it would be false, whatever it is compared with.</exception>
    public float[] Checked(float[] numbers, int images) => Embeddings.Checked(numbers, images, Dim, "image");
}
