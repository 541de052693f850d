namespace Flip.Evaluation.Metrics;

/// <summary>Metrics of which class is predicted. An image with several right classes is a hit when one of them is.</summary>
public static class Accuracy
{
    /// <summary>Share of images with a right class among the first <paramref name="k"/>; 1 if there are no more classes than k.</summary>
    public static double TopK(LabelledScores scores, int k) => TopK(Ranks(scores), k).Value();

    /// <summary>Mean of top-1 and top-5.</summary>
    public static double MeanTop1Top5(LabelledScores scores) => MeanTop1Top5(Ranks(scores)).Value();

    /// <summary>Mean of the classes' top-1, and what it is the mean of.</summary>
    public static ClassMean MeanPerClass(LabelledScores scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var statistic = MeanPerClass(scores.Labels, scores.Classes, Ranks(scores));
        return ClassMean.Of(statistic.Value(), scores.Labels, scores.Classes);
    }

    /// <inheritdoc cref="TopK(LabelledScores, int)"/>
    /// <param name="ranks">Place of each image's first right class, from 1.</param>
    /// <param name="k">How many classes count, at least 1.</param>
    public static Statistic TopK(IReadOnlyList<int> ranks, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        return new ShareStatistic([.. ranks.Select(rank => rank <= k ? 1.0 : 0)]);
    }

    /// <inheritdoc cref="MeanTop1Top5(LabelledScores)"/>
    /// <param name="ranks">Place of each image's first right class, from 1.</param>
    public static Statistic MeanTop1Top5(IReadOnlyList<int> ranks) => new MeanStatistic([TopK(ranks, 1), TopK(ranks, 5)]);

    /// <summary>Mean over the classes that have images of their share of hits; an image counts in each of its right classes.</summary>
    /// <param name="labels">The right classes of each image.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="ranks">Place of each image's first right class, from 1.</param>
    public static Statistic MeanPerClass(IReadOnlyList<int[]> labels, int classes, IReadOnlyList<int> ranks) =>
        new ClassMeanStatistic(labels, classes, [.. ranks.Select(rank => rank == 1)]);

    private static List<int> Ranks(LabelledScores scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return [.. Enumerable.Range(0, scores.Images).Select(image => scores.FirstRight(image).Rank)];
    }
}
