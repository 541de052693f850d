namespace Flip.Evaluation.Metrics;

/// <summary>Area under the ROC curve: how probably a positive image scores higher than a negative one, equal scores counting half (mid-ranks).</summary>
public static class RocAuc
{
    /// <summary>The area of two classes, of which the second is positive. An image's score is that of the second class less that of the first: the order of
    /// the softmax's probabilities.</summary>
    /// <exception cref="ConfigException">See <see cref="Statistic"/>.</exception>
    public static double Of(LabelledScores scores) => Statistic(scores).Value();

    /// <summary>The area of any scores.</summary>
    /// <param name="scores">Score of each image, not NaN.</param>
    /// <param name="isPositive">Whether each image is positive.</param>
    /// <exception cref="ConfigException">All images are of one kind.</exception>
    public static double Of(double[] scores, bool[] isPositive) =>
        isPositive.Contains(true) && isPositive.Contains(false)
            ? new RocAucStatistic(scores, isPositive).Value()
            : throw new ConfigException($"ROC-AUC needs positive and negative images; all {isPositive.Length} are of one kind.");

    /// <summary>The area as a function of how often each image counts.</summary>
    /// <exception cref="ConfigException">There are not two classes, an image is of both, or all are of one.</exception>
    public static Statistic Statistic(LabelledScores scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Classes != 2)
        {
            throw new ConfigException($"ROC-AUC is of two classes, and there are {scores.Classes}.");
        }

        var both = scores.Labels.Index().FirstOrDefault(image => image.Item.Length > 1, (-1, [])).Index;
        if (both >= 0)
        {
            throw new ConfigException($"ROC-AUC needs one right class for each image, and image {both} has both.");
        }

        bool[] isPositive = [.. scores.Labels.Select(right => right[0] == 1)];
        if (!isPositive.Contains(!isPositive[0]))
        {
            throw new ConfigException($"ROC-AUC needs images of both classes; all {scores.Images} are of class {scores.Labels[0][0]}.");
        }

        double[] differences = [.. Enumerable.Range(0, scores.Images).Select(image => (double)scores.Row(image)[1] - scores.Row(image)[0])];
        return new RocAucStatistic(differences, isPositive);
    }
}
