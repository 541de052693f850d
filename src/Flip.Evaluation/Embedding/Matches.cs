namespace Flip.Evaluation.Embedding;

/// <summary>One item that was ranked for a query.</summary>
/// <param name="Item">Its index.</param>
/// <param name="Cosine">Cosine similarity to the query, -1 to 1.</param>
/// <param name="Probability">Softmax over all items of the scaled cosines; of a model with a logit bias the sigmoid of its own logit, since
/// such a model was trained on pairs and its numbers do not sum to 1.</param>
public sealed record Match(int Item, double Cosine, double Probability);

/// <summary>Ranks items for queries by their embeddings, the best first; equals stay in their order.</summary>
/// <param name="logitScale">The model's factor on cosines.</param>
/// <param name="logitBias">What the model adds to the scaled cosines; null for one trained with the softmax loss.</param>
public sealed class Matches(double logitScale, double? logitBias = null)
{
    private const int ScoresAtOnce = 1 << 22;

    /// <summary>The factor on cosines.</summary>
    public double LogitScale => logitScale;

    /// <summary>What is added to the scaled cosines, or null.</summary>
    public double? LogitBias => logitBias;

    /// <summary>The best items of each query, a query at a time: the whole matrix of scores never exists.</summary>
    /// <param name="queries">Embeddings of length 1, <c>[queries, dim]</c>.</param>
    /// <param name="items">Embeddings of length 1, <c>[items, dim]</c>.</param>
    /// <param name="dim">Width of an embedding.</param>
    /// <param name="top">Items given for each query, at most.</param>
    /// <exception cref="ArgumentException">The arrays hold no whole rows, or there are no items.</exception>
    public IEnumerable<IReadOnlyList<Match>> Rank(float[] queries, float[] items, int dim, int top)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        return items.Length > 0 && items.Length % dim == 0 && queries.Length % dim == 0
            ? RankRows(queries, items, dim, top)
            : throw new ArgumentException($"Expected whole rows of {dim} numbers, got {queries.Length} and {items.Length}.");
    }

    private IEnumerable<IReadOnlyList<Match>> RankRows(float[] queries, float[] items, int dim, int top)
    {
        using var similarity = new Similarity(items, dim);
        foreach (var rows in queries.Chunk(Math.Max(1, ScoresAtOnce / similarity.Count) * dim))
        {
            var scores = similarity.Scores(rows);
            for (var start = 0; start < scores.Length; start += similarity.Count)
            {
                yield return Best(scores.AsSpan(start, similarity.Count), top);
            }
        }
    }

    private Match[] Best(ReadOnlySpan<float> cosines, int top)
    {
        var order = Enumerable.Range(0, cosines.Length).ToArray();
        var falling = cosines.ToArray();
        Array.ForEach(order, i => falling[i] = -falling[i]);
        Array.Sort(falling, order);
        SortEquals(falling, order);

        // The largest exponent is 0, so that no sum overflows.
        double best = cosines[order[0]];
        var sum = 0.0;
        foreach (var cosine in cosines)
        {
            sum += Math.Exp(logitScale * (cosine - best));
        }

        var matches = new Match[Math.Min(top, order.Length)];
        for (var i = 0; i < matches.Length; i++)
        {
            double cosine = cosines[order[i]];
            matches[i] = new Match(order[i], cosine, logitBias is { } bias
                ? 1 / (1 + Math.Exp(-((logitScale * cosine) + bias)))
                : Math.Exp(logitScale * (cosine - best)) / sum);
        }

        return matches;
    }

    /// <summary>The array's sort leaves equals in any order.</summary>
    private static void SortEquals(float[] keys, int[] order)
    {
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            Array.Sort(order, start, end - start);
            start = end;
        }
    }
}
