using Flip.Config;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class LogisticProbeTests
{
    [Fact]
    public void Separable_classes_are_told_apart()
    {
        var result = LogisticProbe.Run(Clusters(20, 6, 12, 0.05, 1), Clusters(10, 6, 12, 0.05, 2), 6, new());
        Assert.Equal((1, 1, 1), (result.Test.TopK(1), result.Test.TopK(5), result.Test.MeanPerClass()));
    }

    [Fact]
    public void Much_noise_asks_for_a_strong_regulariser_and_much_data_for_a_weak_one()
    {
        var noisy = Chosen(Clusters(40, 3, 200, 6, 1));
        var plenty = Chosen(Clusters(200, 3, 4, 0.2, 1));
        Assert.True(noisy > 10 * plenty, $"{noisy} and {plenty}");

        static double Chosen(LabelledFeatures train) =>
            (double)LogisticProbe.Run(train, train, 3, new() { ValidationShare = 0.5 }).Details["lambda"];
    }

    [Fact]
    public void The_refit_is_the_fit_of_all_training_images()
    {
        var (train, test) = (Clusters(30, 4, 8, 1, 1), Clusters(10, 4, 8, 1, 2));
        var result = LogisticProbe.Run(train, test, 4, new());
        using var regression = new LogisticRegression(train, 4, new() { DoublePrecision = true, GradientTolerance = 1e-7 });
        var scores = regression.Fit((double)result.Details["lambda"]).Classifier.Score(test).Scores;
        Assert.All(scores.Zip(result.Test.Scores), pair => Assert.Equal(pair.First, pair.Second, 1e-2f));
        Assert.Equal(result.Test.TopK(1), LogisticProbe.Run(train, test, 4, new() { Lambda = (double)result.Details["lambda"] }).Test.TopK(1));
    }

    [Fact]
    public void The_sweep_finds_the_best_of_96_steps_with_a_fraction_of_them()
    {
        var peak = Math.Pow(10, -2.625);
        var asked = new List<double>();
        var (best, points) = RegularizerSweep.Search((lambda, nearest) =>
        {
            Assert.True(nearest is null || asked.Contains(nearest.Value));
            asked.Add(lambda);
            return new(lambda, -Math.Abs(Math.Log10(lambda / peak)), 0);
        });
        Assert.Equal(peak, best.Lambda, 1e-9);
        Assert.Equal(15, points.Count);
        Assert.Equal([1e6, 1e4, 1e2, 1, 1e-2, 1e-4, 1e-6], asked[..7].Select(lambda => double.Parse($"{lambda:e6}", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(asked.Distinct(), asked);
    }

    [Theory]
    [InlineData(1, 1e6)]
    [InlineData(-1, 1e-6)]
    public void The_sweep_reaches_the_ends_of_its_range_and_says_so(int sign, double end)
    {
        var best = RegularizerSweep.Search((lambda, _) => new(lambda, sign * Math.Log(lambda), 0)).Best;
        Assert.Equal(end, best.Lambda, end * 1e-9);
        Assert.Contains(sign > 0 ? "(highest)" : "(lowest)", LogisticProbe.Describe(best.Lambda, isChosen: true), StringComparison.Ordinal);
        Assert.DoesNotContain("est)", LogisticProbe.Describe(best.Lambda, isChosen: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_equal_accuracies_the_lower_cross_entropy_wins_and_then_the_larger_lambda()
    {
        Assert.Equal(100, RegularizerSweep.Search((lambda, _) => new(lambda, 1, Math.Abs(Math.Log10(lambda) - 2))).Best.Lambda, 1e-6);
        Assert.Equal(1e6, RegularizerSweep.Search((lambda, _) => new(lambda, 1, 0)).Best.Lambda, 1e-3);
    }

    [Fact]
    public void Images_are_held_out_of_every_class_that_has_two()
    {
        int[] labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2];
        var (kept, held) = ClassDraw.Of(labels, 4, 1).HoldOut(0.2);
        Assert.Equal([0, 0, 2], held.Select(image => labels[image]).Order());
        Assert.Equal(Enumerable.Range(0, 13), kept.Concat(held).Order());
        Assert.NotEqual(held, ClassDraw.Of(labels, 4, 2).HoldOut(0.2).Held);
        var single = Assert.Throws<ConfigException>(() => LogisticProbe.Run(Clusters(1, 3, 4, 1, 1), Clusters(1, 3, 4, 1, 2), 3, new()));
        Assert.Contains("--lambda", single.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_have_no_trace_of_the_chunks()
    {
        var (train, test) = (Clusters(30, 4, 33, 1, 1), Clusters(25, 4, 33, 1, 2));
        using var regression = new LogisticRegression(train, 4, new() { DoublePrecision = true, GradientTolerance = 1e-8 });
        var classifier = regression.Fit(0.01).Classifier;
        Assert.Equal(classifier.Score(test).Scores, classifier.Score(test, rowsAtOnce: 7).Scores);
        using var chunked = new LogisticRegression(train, 4, new() { DoublePrecision = true, GradientTolerance = 1e-8, RowsAtOnce = 7 });
        Assert.All(classifier.Weights.Zip(chunked.Fit(0.01).Classifier.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Figures_are_those_of_the_scores()
    {
        // Right class first, second, first of equals, second of equals.
        var scored = new ScoredImages(["a", "b", "c", "d"], [0, 0, 1, 2], 3, [3, 2, 1, 2, 3, 1, 0, 5, 5, 0, 5, 5]);
        Assert.Equal([0, 1, 0, 1], scored.Ranks);
        Assert.Equal((0.5, 1), (scored.TopK(1), scored.TopK(2)));
        Assert.Equal((0.5 + 1 + 0) / 3, scored.MeanPerClass(), 1e-12);
        Assert.Equal(Math.Log(3), new ScoredImages(["a"], [1], 3, [7, 7, 7]).CrossEntropy(), 1e-12);
    }
}
