using Flip.Data;

namespace Flip.Evaluation.Embedding;

/// <summary>Embeddings of a range of a source's items.</summary>
/// <param name="First">The first item.</param>
/// <param name="Next">The item behind the last one.</param>
/// <param name="Keys">Key of each embedding, <c>[count]</c>.</param>
/// <param name="Texts">What was embedded, <c>[count]</c>; null for images.</param>
/// <param name="Vectors">L2-normalised, <c>[count, D]</c>, row-major.</param>
/// <param name="Missing">Items of the range that cannot be used.</param>
public sealed record EmbeddedItems(
    long First,
    long Next,
    IReadOnlyList<string> Keys,
    IReadOnlyList<string>? Texts,
    float[] Vectors,
    IReadOnlyList<MissingItem> Missing)
{
    /// <summary>Neighbouring ranges as one.</summary>
    /// <param name="ranges">At least one, each beginning where the one before it ends.</param>
    public static EmbeddedItems Join(IReadOnlyList<EmbeddedItems> ranges) => ranges is [var only] ? only : new(
        ranges[0].First,
        ranges[^1].Next,
        [.. ranges.SelectMany(range => range.Keys)],
        ranges[0].Texts is null ? null : [.. ranges.SelectMany(range => range.Texts!)],
        Join([.. ranges.Select(range => range.Vectors)]),
        [.. ranges.SelectMany(range => range.Missing)]);

    private static float[] Join(float[][] vectors)
    {
        var all = new float[vectors.Sum(range => range.LongLength)];
        var place = 0;
        foreach (var range in vectors)
        {
            range.CopyTo(all, place);
            place += range.Length;
        }

        return all;
    }
}
