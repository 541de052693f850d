using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Retrieval;
using Flip.Tests.Evaluation.Metrics;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Outcomes;

public class RetrievalOutcomeTests
{
    private static readonly int[] Owners = [2, 0, 1, 0, 2, 2]; // the texts of an image need not stand together

    [Fact]
    public void Its_measures_are_those_of_the_ranks()
    {
        var result = Recall.OfScores(RandomScores.Draw(6, 3).Scores, Owners, 3);
        var outcome = RetrievalOutcome.Of(["a", "b", "c"], Owners, result);
        Assert.Equal([result.TextToImage.Ranks[0], result.TextToImage.Ranks[4], result.TextToImage.Ranks[5]], outcome.Predictions[2].TextRanks);
        foreach (var k in (int[])[1, 5, 10])
        {
            Assert.Equal(result.ImageToText.RecallAt(k), outcome.Measures()[$"imageToText/R@{k}"]);
            Assert.Equal(result.TextToImage.RecallAt(k), outcome.Measures()[$"textToImage/R@{k}"]);
        }

        Assert.Equal((result.ImageToText.RecallAt(1) + result.TextToImage.RecallAt(1)) / 2, outcome.Statistic(Metric.Recall).Value(), 14);
        Assert.Equal((result.ImageToText.ChanceAt(1) + result.TextToImage.ChanceAt(1)) / 2, outcome.Chance(Metric.Recall), 14);
        Assert.StartsWith("3 images, 6 texts. Median rank: image to text ", outcome.Notes(Metric.Recall)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_replicate_draws_an_image_with_its_texts()
    {
        var outcome = new RetrievalOutcome([new("a", 1, [1, 2, 1]), new("b", 2, [1])]);

        // Twice the first image: its rank is 1, and 2 of its 3 texts find it.
        Assert.Equal((1 + (2 / 3.0)) / 2, outcome.Statistic(Metric.Recall).Of([2, 0]), 14);
        Assert.Equal((0.5 + (3 / 4.0)) / 2, outcome.Statistic(Metric.Recall).Value(), 14);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ConfigException>(() => new RetrievalOutcome([new("a", 3, [1, 1])]));
        Assert.Throws<ConfigException>(() => new RetrievalOutcome([new("a", 1, [2])]));
        Assert.Throws<ConfigException>(() => new RetrievalOutcome([]));
        Assert.Throws<ConfigException>(() => SampleResults.Retrieval().Statistic(Metric.Top1));
        var result = Recall.OfScores(new float[18], Owners, 3);
        Assert.Throws<ArgumentException>(() => RetrievalOutcome.Of(["a", "b"], Owners, result));
    }
}
