using Flip.Evaluation.Metrics;
using Flip.Randomness;

namespace Flip.Tests.Evaluation.Metrics;

/// <summary>A replicate is what the metric gives on the images that it has, each as often as it was drawn.</summary>
public class StatisticTests
{
    [Theory]
    [InlineData(Metric.Top1)]
    [InlineData(Metric.Top5)]
    [InlineData(Metric.MeanPerClass)]
    [InlineData(Metric.MeanTop1Top5)]
    [InlineData(Metric.ElevenPointMap)]
    public void Counting_an_image_n_times_is_having_it_n_times(Metric metric)
    {
        for (var item = 0; item < 5; item++)
        {
            var scores = RandomScores.Labelled(40, 8, levels: 30, several: true, item);
            Check(scores, Of(scores, metric), repeated => Of(repeated, metric).Value());
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1 << 20)]
    public void The_same_holds_of_two_classes(int levels)
    {
        var scores = RandomScores.Labelled(40, 2, levels);
        Check(scores, RocAuc.Statistic(scores), RocAuc.Of);
        Check(scores, AveragePrecision.Statistic(scores, elevenPoint: false), repeated => AveragePrecision.Mean(repeated, elevenPoint: false).Value);
    }

    [Fact]
    public void A_metric_that_is_not_defined_is_NaN()
    {
        var scores = RandomScores.Labelled(4, 2);
        Assert.Equal(double.NaN, RocAuc.Statistic(new(new float[4], 2, [[0], [1]])).Of([2, 0]));
        Assert.Equal(double.NaN, Accuracy.TopK([1, 2], 1).Of([0, 0]));
        Assert.Equal(double.NaN, Accuracy.MeanPerClass(scores.Labels, 2, [1, 1, 1, 1]).Of([0, 0, 0, 0]));
        Assert.Equal(1, new MeanStatistic([new ShareStatistic([1]), new ShareStatistic([0], [0])]).Of([1]));
    }

    [Fact]
    public void Texts_count_with_their_image()
    {
        var share = new ShareStatistic([2, 0, 1], [5, 1, 4]);
        Assert.Equal(3 / 10.0, share.Value());
        Assert.Equal(((3 * 2) + 1) / 19.0, share.Of([3, 0, 1]), 14);
    }

    private static Statistic Of(LabelledScores scores, Metric metric)
    {
        int[] ranks = [.. Enumerable.Range(0, scores.Images).Select(image => scores.FirstRight(image).Rank)];
        return metric switch
        {
            Metric.Top1 => Accuracy.TopK(ranks, 1),
            Metric.Top5 => Accuracy.TopK(ranks, 5),
            Metric.MeanPerClass => Accuracy.MeanPerClass(scores.Labels, scores.Classes, ranks),
            Metric.MeanTop1Top5 => Accuracy.MeanTop1Top5(ranks),
            _ => AveragePrecision.Statistic(scores, elevenPoint: true),
        };
    }

    private static void Check(LabelledScores scores, Statistic statistic, Func<LabelledScores, double> slow)
    {
        var random = new CounterRandom(9, RandomPurpose.Evaluation);
        for (var trial = 0; trial < 10; trial++)
        {
            int[] counts = [.. Enumerable.Range(0, scores.Images).Select(_ => random.NextInt(4))];
            var repeated = counts.SelectMany((count, image) => Enumerable.Repeat(image, count));
            Assert.Equal(slow(RandomScores.Take(scores, repeated)), statistic.Of(counts), 12);
        }
    }
}
