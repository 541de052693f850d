namespace Flip.Evaluation.Metrics;

/// <summary>What a random order reaches.</summary>
internal static class Chance
{
    /// <summary>Probability that a right item is among the first <paramref name="k"/> of a random order. All of the first k are wrong with the probability
    /// C(M - c, k) / C(M, k).</summary>
    /// <param name="right">Number c of right items.</param>
    /// <param name="candidates">Number M of items.</param>
    /// <param name="k">How many items count.</param>
    public static double AmongFirst(int right, int candidates, int k)
    {
        var miss = 1.0;
        for (var drawn = 0; drawn < Math.Min(k, candidates); drawn++)
        {
            miss *= Math.Max(0, candidates - right - drawn) / (double)(candidates - drawn);
        }

        return 1 - miss;
    }
}
