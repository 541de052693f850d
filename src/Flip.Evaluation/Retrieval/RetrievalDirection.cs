using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Retrieval;

/// <summary>Retrieval in one direction: where each query's first right item stands.</summary>
/// <param name="Ranks">Place of the first right item of each query, from 1.</param>
/// <param name="RightItems">Number of right items of each query.</param>
/// <param name="Candidates">Number of items searched.</param>
public sealed record RetrievalDirection(IReadOnlyList<int> Ranks, IReadOnlyList<int> RightItems, int Candidates)
{
    /// <summary>R@k: share of queries with at least one right item among the first <paramref name="k"/>.</summary>
    public double RecallAt(int k) => (double)Ranks.Count(rank => rank <= k) / Ranks.Count;

    /// <summary>Median of the ranks; of an even number, the mean of the middle two.</summary>
    public double MedianRank()
    {
        var sorted = Ranks.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2.0;
    }

    /// <summary>Expected <see cref="RecallAt"/> of a random order.</summary>
    public double ChanceAt(int k) =>
        RightItems.CountBy(right => right).Sum(group => group.Value * Chance.AmongFirst(group.Key, Candidates, k)) / RightItems.Count;
}
