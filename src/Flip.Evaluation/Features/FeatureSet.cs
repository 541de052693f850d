using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Embedding;

namespace Flip.Evaluation.Features;

/// <summary>Features of a source's images.</summary>
/// <param name="Keys">Key of each image that could be used, in the source's order, <c>[count]</c>.</param>
/// <param name="Values"><c>[count, Dim]</c></param>
/// <param name="Dim">Width of a feature.</param>
/// <param name="Missing">Images that were left out.</param>
/// <param name="Source">Fingerprint of the images; empty where no one asked for it.</param>
public sealed record FeatureSet(IReadOnlyList<string> Keys, float[] Values, int Dim, IReadOnlyList<MissingItem> Missing, string Source)
{
    /// <summary>Extracts features into memory.</summary>
    /// <param name="items">Source and model.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="EvaluationDataException">An image cannot be used, and that is not allowed.</exception>
    public static FeatureSet Of(IItemEncoder items, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        var (keys, missing) = (new List<string>(), new List<MissingItem>());
        var values = new List<float>();
        foreach (var batch in items.Encode(cancellation: cancellation))
        {
            keys.AddRange(batch.Keys);
            values.AddRange(batch.Vectors);
            missing.AddRange(batch.Missing);
        }

        return new FeatureSet(keys, [.. values], items.EmbedDim, missing, "");
    }

    /// <summary>Extracts features that ranks share into the memory of rank 0.</summary>
    /// <param name="items">Source and model (<see cref="SharedItems"/>).</param>
    /// <param name="ranks">The ranks.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Null on the other ranks, which keep nothing.</returns>
    /// <exception cref="EvaluationDataException">An image cannot be used, and that is not allowed.</exception>
    public static FeatureSet? OnFirst(IItemEncoder items, ICommunicator ranks, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(ranks);
        if (ranks.Rank == 0)
        {
            return Of(items, cancellation);
        }

        foreach (var batch in items.Encode(cancellation: cancellation))
        {
            _ = batch;
        }

        return null;
    }

    /// <summary>The number in the source of each image that could be used, <c>[count]</c>.</summary>
    /// <param name="source">The images that the features are of.</param>
    /// <exception cref="EvaluationDataException">The keys are not the source's.</exception>
    public int[] ImagesOf(IImageSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Source.Length == 0 && Keys.Count == source.Count)
        {
            return [.. Enumerable.Range(0, source.Count)]; // made of this source a moment ago; the keys of shards take a pass over their headers
        }

        var row = 0;
        var images = new int[Keys.Count];
        foreach (var (image, key) in source.Keys().Index())
        {
            if (row < Keys.Count && UnicodeName.Comparer.Equals(Keys[row], key))
            {
                images[row++] = image;
            }
        }

        return row == Keys.Count ? images : throw new EvaluationDataException($"The features of '{Keys[row]}' belong to no image of the source.");
    }

    /// <summary>The features with their classes; the labels of missing images are left out too.</summary>
    /// <param name="source">The images that the features are of.</param>
    /// <param name="labels">Class of each image of the source.</param>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <exception cref="EvaluationDataException">The keys are not the source's.</exception>
    public LabelledFeatures With(IImageSource source, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return new LabelledFeatures(Values, Dim, Array.ConvertAll(ImagesOf(source), image => labels[image]), Keys, classNames);
    }
}
