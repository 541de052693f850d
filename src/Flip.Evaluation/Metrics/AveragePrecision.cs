namespace Flip.Evaluation.Metrics;

/// <summary>
/// How well a class's images stand before the others when all are ordered by their score for it. Equal scores are one threshold, so the order of the
/// images has no influence; VOC's development kit takes them in the order of its file.
/// </summary>
public static class AveragePrecision
{
    /// <summary>The mean over the classes that have images. The 11-point measure is VOC2007's (Everingham et al., "The PASCAL Visual Object Classes (VOC)
    /// Challenge", 2010, section 4.2): the mean over recalls t = 0, 0.1 ... 1 of the largest precision at a recall of at least t. The plain one is the
    /// sum over thresholds of the recall gained times the precision reached, uninterpolated.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="elevenPoint">VOC2007's, not the plain one.</param>
    public static ClassMean Mean(LabelledScores scores, bool elevenPoint)
    {
        ArgumentNullException.ThrowIfNull(scores);
        return ClassMean.Of(Statistic(scores, elevenPoint).Value(), scores.Labels, scores.Classes);
    }

    /// <summary>Average precision of each class; NaN for one without images.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="elevenPoint">VOC2007's, not the plain one.</param>
    public static IReadOnlyList<double> PerClass(LabelledScores scores, bool elevenPoint) =>
        [.. Statistics(scores, elevenPoint).Select(statistic => statistic.Value())];

    /// <summary>The mean as a function of how often each image counts.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="elevenPoint">VOC2007's, not the plain one.</param>
    public static Statistic Statistic(LabelledScores scores, bool elevenPoint) => new MeanStatistic(Statistics(scores, elevenPoint));

    private static List<AveragePrecisionStatistic> Statistics(LabelledScores scores, bool elevenPoint)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var statistics = new List<AveragePrecisionStatistic>(scores.Classes);
        for (var label = 0; label < scores.Classes; label++)
        {
            bool[] isRight = [.. scores.Labels.Select(right => right.Contains(label))];
            bool[]? isIgnored = scores.Ignored is null ? null : [.. scores.Ignored.Select(ignored => ignored.Contains(label))];
            statistics.Add(new(scores.Column(label), isRight, elevenPoint, isIgnored));
        }

        return statistics;
    }
}
