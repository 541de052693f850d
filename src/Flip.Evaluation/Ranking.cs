namespace Flip.Evaluation;

/// <summary>Places in an order by falling score, in which equals stand in their own order: the same answer on every run.</summary>
internal static class Ranking
{
    /// <summary>Index of the highest score; the first of equals.</summary>
    public static int Best(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }

    /// <summary>Number of items that stand before <paramref name="item"/>.</summary>
    public static int Before(ReadOnlySpan<float> scores, int item)
    {
        var score = scores[item];
        var before = 0;
        for (var i = 0; i < item; i++)
        {
            before += scores[i] >= score ? 1 : 0;
        }

        for (var i = item + 1; i < scores.Length; i++)
        {
            before += scores[i] > score ? 1 : 0;
        }

        return before;
    }
}
