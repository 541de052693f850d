using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Randomness;
using Flip.Tests.Evaluation.Metrics;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Outcomes;

public class ClassificationOutcomeTests
{
    [Fact]
    public void A_prediction_has_the_first_five_classes_and_the_place_of_the_first_right_one()
    {
        float[] scores =
        [
            0.1f, 0.7f, 0.3f, 0.7f, 0.2f, 0.5f, 0.6f,
            0.4f, 0.4f, 0.4f, 0.4f, 0.4f, 0.4f, 0.9f,
        ];
        var outcome = ClassificationOutcome.Of(["a", "b"], [[4, 5], [5]], SampleResults.Names(7), scores);
        var (first, second) = (outcome.Predictions[0], outcome.Predictions[1]);
        Assert.Equal([new(1, 0.7f), new(3, 0.7f), new(6, 0.6f), new(5, 0.5f), new(2, 0.3f)], first.Top);
        Assert.Equal((4, new ScoredClass(5, 0.5f), 1, false), (first.Rank, first.FirstRight, first.Predicted, first.IsHit));
        Assert.Equal([6, 0, 1, 2, 3], second.Top.Select(top => top.Class));
        Assert.Equal(7, second.Rank);
        Assert.Equal(0.9f - 0.4f, second.Margin);
        Assert.Null(first.Scores);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_five_are_those_of_a_sort(bool hasTies)
    {
        var (scores, labels) = RandomScores.Draw(50, 12, hasTies ? 4 : 1 << 20);
        var outcome = ClassificationOutcome.Of(SampleResults.Keys(50), labels, SampleResults.Names(12), scores);
        foreach (var (image, prediction) in outcome.Predictions.Index())
        {
            var sorted = Enumerable.Range(0, 12).OrderByDescending(label => scores[(image * 12) + label]).ToList();
            Assert.Equal(sorted.Take(5), prediction.Top.Select(top => top.Class));
            Assert.Equal(sorted.IndexOf(labels[image][0]) + 1, prediction.Rank);
        }
    }

    [Theory]
    [InlineData(Metric.Top1)]
    [InlineData(Metric.Top5)]
    [InlineData(Metric.MeanPerClass)]
    [InlineData(Metric.MeanTop1Top5)]
    [InlineData(Metric.ElevenPointMap)]
    public void An_outcome_of_batches_has_the_metrics_of_all_scores(Metric metric)
    {
        var (scores, labels) = RandomScores.Draw(50, 8, levels: 60, several: true);
        var whole = new LabelledScores(scores, 8, labels);
        var accumulator = new ClassificationAccumulator(SampleResults.Names(8), metric.NeedsScores());
        foreach (var batch in Enumerable.Range(0, 50).Chunk(16))
        {
            accumulator.Add(
                [.. batch.Select(image => $"image {image}")],
                [.. batch.Select(image => labels[image])],
                scores[(batch[0] * 8)..((batch[^1] + 1) * 8)]);
        }

        var expected = metric switch
        {
            Metric.Top1 => Accuracy.TopK(whole, 1),
            Metric.Top5 => Accuracy.TopK(whole, 5),
            Metric.MeanPerClass => Accuracy.MeanPerClass(whole).Value,
            Metric.MeanTop1Top5 => Accuracy.MeanTop1Top5(whole),
            _ => AveragePrecision.Mean(whole, elevenPoint: true).Value,
        };
        Assert.Equal(expected, accumulator.ToOutcome().Statistic(metric).Value());
    }

    [Fact]
    public void Classes_confusions_and_worst_mistakes_are_counted_by_hand()
    {
        float[] scores =
        [
            0.9f, 0.1f, 0.0f,
            0.2f, 0.5f, 0.1f, // 0 taken for 1, by 0.3
            0.1f, 0.8f, 0.2f, // 2 taken for 1, by 0.6
            0.3f, 0.7f, 0.0f, // 0 taken for 1, by 0.4
        ];
        var outcome = ClassificationOutcome.Of(["a", "b", "c", "d"], [[0], [0], [2], [0]], ["cat", "dog", "owl"], scores);
        Assert.Equal([new("cat", 3, 1), new("dog", 0, 0), new("owl", 1, 0)], outcome.PerClass());
        Assert.Equal([new(0, 1, 2), new(2, 1, 1)], outcome.Confusions());
        Assert.Equal(["c", "d"], outcome.WorstMistakes(2).Select(image => image.Key));
        Assert.Equal(["1 of 3 classes have no image and are left out of the mean."], outcome.Notes(Metric.MeanPerClass));
        Assert.Equal(2, outcome.Notes(Metric.Top5).Count);
        Assert.Equal(1 / 6.0, outcome.Statistic(Metric.MeanPerClass).Value(), 14);
    }

    [Fact]
    public void Chance_is_what_random_scores_reach()
    {
        const int trials = 3000;
        int[][] labels = [[0], [1, 3], [2], [4, 5, 6], [6], [0, 6]];
        Metric[] metrics = [Metric.Top1, Metric.Top5, Metric.MeanPerClass, Metric.MeanTop1Top5];
        var sums = new double[metrics.Length];
        for (var trial = 0; trial < trials; trial++)
        {
            var random = new CounterRandom(8, RandomPurpose.Evaluation, item: trial);
            float[] scores = [.. Enumerable.Range(0, 42).Select(_ => random.NextSingle())];
            var outcome = ClassificationOutcome.Of(SampleResults.Keys(6), labels, SampleResults.Names(7), scores);
            foreach (var (i, metric) in metrics.Index())
            {
                sums[i] += outcome.Statistic(metric).Value() / trials;
            }
        }

        // One image's standard error is at most 0.5 / √3000 = 0.009.
        var chance = ClassificationOutcome.Of(SampleResults.Keys(6), labels, SampleResults.Names(7), new float[42]);
        Assert.All(metrics.Index(), metric => Assert.Equal(chance.Chance(metric.Item), sums[metric.Index], 0.02));
    }

    [Fact]
    public void Chance_of_a_constant_score_is_what_equal_scores_reach()
    {
        int[][] labels = [[0], [1], [0, 1], [1]];
        var equal = ClassificationOutcome.Of(SampleResults.Keys(4), labels, SampleResults.Names(2), new float[8], keepScores: true);
        Assert.Equal(equal.Statistic(Metric.ElevenPointMap).Value(), equal.Chance(Metric.ElevenPointMap), 14);
        var two = ClassificationOutcome.Of(SampleResults.Keys(2), [[0], [1]], SampleResults.Names(2), new float[4], keepScores: true);
        Assert.Equal(two.Statistic(Metric.RocAuc).Value(), two.Chance(Metric.RocAuc));
    }

    [Fact]
    public void Measures_are_those_that_can_be_had()
    {
        Assert.Equal(["top1", "top5", "meanPerClass"], SampleResults.Classification().Measures().Keys);
        Assert.Equal(
            ["top1", "top5", "meanPerClass", "elevenPointMap", "plainMap"],
            SampleResults.Classification(keepScores: true).Measures().Keys);
        Assert.Contains("rocAuc", SampleResults.Classification(20, 2, keepScores: true).Measures().Keys);
    }

    [Fact]
    public void What_cannot_be_scored_is_refused()
    {
        var outcome = SampleResults.Classification();
        Refused("11-point mAP needs all scores of every image, and they were not kept.", () => outcome.Statistic(Metric.ElevenPointMap));
        Refused("R@1, mean of both ways is no metric of classification.", () => outcome.Statistic(Metric.Recall));
        Refused("Two images have the key 'a'.", () => ClassificationOutcome.Of(["a", "a"], [[0], [0]], ["x"], new float[2]));
        Refused("There are no images to score.", () => new ClassificationAccumulator(["x"]).ToOutcome());
        Assert.Throws<ArithmeticException>(() => ClassificationOutcome.Of(["a"], [[0]], ["x"], [float.NaN]));
    }

    private static void Refused(string message, Action action) => Assert.Equal(message, Assert.Throws<ConfigException>(action).Message);
}
