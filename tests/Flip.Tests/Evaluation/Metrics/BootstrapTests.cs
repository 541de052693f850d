using Flip.Evaluation.Metrics;
using Flip.Randomness;

namespace Flip.Tests.Evaluation.Metrics;

public class BootstrapTests
{
    [Fact]
    public void The_interval_is_that_of_replicates_drawn_one_after_the_other()
    {
        double[] values = [.. Enumerable.Range(0, 30).Select(image => image * 7 % 10 < 6 ? 1.0 : 0)];
        var means = new List<double>();
        for (var sample = 0; sample < 200; sample++)
        {
            var random = new CounterRandom(5, RandomPurpose.Bootstrap, item: sample);
            double sum = 0;
            for (var draw = 0; draw < 30; draw++)
            {
                sum += values[random.NextInt(30)];
            }

            means.Add(sum / 30);
        }

        means.Sort();

        // 2.5 % and 97.5 % of 199 steps: 4.975 and 194.025.
        var low = means[4] + (0.975 * (means[5] - means[4]));
        var high = means[194] + (0.025 * (means[195] - means[194]));
        var interval = Bootstrap.Interval(new ShareStatistic(values), samples: 200, seed: 5)!.Value;
        Assert.Equal(low, interval.Low, 12);
        Assert.Equal(high, interval.High, 12);
        Assert.Equal(interval, Bootstrap.Interval(new ShareStatistic(values), samples: 200, seed: 5));
        Assert.NotEqual(interval, Bootstrap.Interval(new ShareStatistic(values), samples: 200, seed: 6));
    }

    [Theory]
    [InlineData(400, 0.5)]
    [InlineData(1000, 0.1)]
    [InlineData(2500, 0.9)]
    public void The_interval_of_a_proportion_is_that_of_the_normal_approximation(int images, double share)
    {
        double[] hits = [.. Enumerable.Range(0, images).Select(image => image < share * images ? 1.0 : 0)];
        var interval = Bootstrap.Interval(new ShareStatistic(hits), samples: 4000)!.Value;
        var error = Math.Sqrt(share * (1 - share) / images);

        // A 2.5 % quantile of 4000 replicates has a standard error of √(0.025 · 0.975 / 4000) / 0.0584 = 0.042 errors; the steps of 1 / images add theirs.
        var tolerance = (0.15 * error) + (1.0 / images);
        Assert.Equal(share - (1.96 * error), interval.Low, tolerance);
        Assert.Equal(share + (1.96 * error), interval.High, tolerance);
    }

    [Fact]
    public void The_interval_holds_the_true_proportion_19_times_of_20()
    {
        const int trials = 400;
        const int images = 200;
        const double truth = 0.3;
        var random = new CounterRandom(1, RandomPurpose.Evaluation);
        var (covered, normal) = (0, 0);
        for (var trial = 0; trial < trials; trial++)
        {
            double[] hits = [.. Enumerable.Range(0, images).Select(_ => random.NextDouble() < truth ? 1.0 : 0)];
            var interval = Bootstrap.Interval(new ShareStatistic(hits), samples: 400, seed: (ulong)trial)!.Value;
            covered += interval.Excludes(truth) ? 0 : 1;
            var mean = hits.Average();
            normal += Math.Abs(mean - truth) <= 1.96 * Math.Sqrt(mean * (1 - mean) / images) ? 1 : 0;
        }

        // The standard error of the share covered is √(0.95 · 0.05 / 400) = 1.1 %.
        Assert.InRange(covered / (double)trials, 0.915, 0.985);
        Assert.Equal(normal / (double)trials, covered / (double)trials, 0.03);
    }

    [Fact]
    public void A_paired_difference_is_narrower_than_the_results_are_apart()
    {
        // B has every image that A has right, and 20 more of 500: surely better, though the two intervals overlap.
        double[] a = [.. Enumerable.Range(0, 500).Select(image => image % 2 == 0 ? 1.0 : 0)];
        double[] b = [.. Enumerable.Range(0, 500).Select(image => image % 2 == 0 || image % 25 == 1 ? 1.0 : 0)];
        var (left, right) = (new ShareStatistic(a), new ShareStatistic(b));
        var difference = Bootstrap.Difference(left, right)!.Value;
        Assert.True(difference.Excludes(0));
        Assert.InRange(difference.Low, 0, right.Value() - left.Value());
        Assert.InRange(difference.High, right.Value() - left.Value(), 0.1);
        Assert.True(Bootstrap.Interval(left)!.Value.High > Bootstrap.Interval(right)!.Value.Low);
        Assert.Equal(new ConfidenceInterval(-difference.High, -difference.Low).Low, Bootstrap.Difference(right, left)!.Value.Low, 12);
    }

    [Fact]
    public void A_result_does_not_differ_from_itself()
    {
        var scores = RandomScores.Labelled(50, 4);
        var statistic = AveragePrecision.Statistic(scores, elevenPoint: true);
        var difference = Bootstrap.Difference(statistic, statistic, samples: 100)!.Value;
        Assert.Equal(new ConfidenceInterval(0, 0), difference);
        Assert.False(difference.Excludes(0));
        Assert.Throws<ArgumentException>(() => Bootstrap.Difference(statistic, new ShareStatistic([1])));
    }

    [Fact]
    public void Neither_threads_nor_their_order_show()
    {
        var scores = RandomScores.Labelled(60, 2);
        var statistic = RocAuc.Statistic(scores);
        var expected = Bootstrap.Interval(statistic, samples: 300);
        var runs = new ConfidenceInterval?[8];
        Parallel.For(0, runs.Length, run => runs[run] = Bootstrap.Interval(statistic, samples: 300));
        Assert.All(runs, run => Assert.Equal(expected, run));
    }

    [Fact]
    public void Replicates_in_which_the_metric_is_not_defined_are_left_out()
    {
        // Of 3 images with 1 positive, (2/3)³ + (1/3)³ = 1/3 of the replicates have one kind only.
        Assert.NotNull(Bootstrap.Interval(RocAuc.Statistic(new([0, 1, 1, 0, 1, 0], 2, [[1], [0], [0]]))));
        Assert.Null(Bootstrap.Interval(new ShareStatistic([0, 0, 0], [0, 0, 0])));
    }

    [Fact]
    public void Quantiles_are_interpolated_between_the_sorted_numbers()
    {
        Assert.Equal(1, Bootstrap.Quantile([1, 2, 4], 0));
        Assert.Equal(1.5, Bootstrap.Quantile([1, 2, 4], 0.25));
        Assert.Equal(3.6, Bootstrap.Quantile([1, 2, 4], 0.9), 12);
        Assert.Equal(4, Bootstrap.Quantile([1, 2, 4], 1));
        Assert.Equal(7, Bootstrap.Quantile([7], 0.3));
    }

    [Fact]
    public void A_cancelled_bootstrap_stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Bootstrap.Interval(new ShareStatistic([1, 0]), cancellation: cancelled.Token));
    }
}
