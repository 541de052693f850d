using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class LogisticProbeTests
{
    [Fact]
    public void Separable_classes_are_told_apart()
    {
        var result = LogisticProbe.Run(Clusters(20, 6, 12, 0.05, 1), Clusters(10, 6, 12, 0.05, 2), new());
        Assert.Equal((1, 1, 1), (result.Outcome.Value(Metric.Top1), result.Outcome.Value(Metric.Top5), result.Outcome.Value(Metric.MeanPerClass)));
    }

    [Fact]
    public void Much_noise_asks_for_a_strong_regulariser_and_much_data_for_a_weak_one()
    {
        var noisy = Chosen(Clusters(40, 3, 200, 6, 1));
        var plenty = Chosen(Clusters(200, 3, 4, 0.2, 1));
        Assert.True(noisy > 10 * plenty, $"{noisy} and {plenty}");

        static double Chosen(LabelledFeatures train) =>
            (double)LogisticProbe.Run(train, train, new() { ValidationShare = 0.5 }).Details["lambda"];
    }

    [Fact]
    public void The_refit_is_the_fit_of_all_training_images()
    {
        var (train, test) = (Clusters(30, 4, 8, 1, 1), Clusters(10, 4, 8, 1, 2));
        var result = LogisticProbe.Run(train, test, new(), keepScores: true);
        using var regression = new LogisticRegression(train, new() { DoublePrecision = true, GradientTolerance = 1e-7 });
        var scores = Scores(regression.Fit((double)result.Details["lambda"]).Classifier.Classify(test, keepScores: true));
        Assert.All(scores.Zip(Scores(result.Outcome)), pair => Assert.Equal(pair.First, pair.Second, 1e-2f));
        Assert.Equal(result.Outcome.Value(Metric.Top1), LogisticProbe.Run(train, test, new() { Lambda = (double)result.Details["lambda"] }).Outcome.Value(Metric.Top1));
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
        var single = Assert.Throws<ConfigException>(() => LogisticProbe.Run(Clusters(1, 3, 4, 1, 1), Clusters(1, 3, 4, 1, 2), new()));
        Assert.Contains("--lambda", single.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_have_no_trace_of_the_chunks()
    {
        var (train, test) = (Clusters(30, 4, 33, 1, 1), Clusters(25, 4, 33, 1, 2));
        using var regression = new LogisticRegression(train, new() { DoublePrecision = true, GradientTolerance = 1e-8 });
        var classifier = regression.Fit(0.01).Classifier;
        Assert.Equal(Scores(classifier.Classify(test, keepScores: true)), Scores(classifier.Classify(test, keepScores: true, rowsAtOnce: 7)));
        using var chunked = new LogisticRegression(train, new() { DoublePrecision = true, GradientTolerance = 1e-8, RowsAtOnce = 7 });
        Assert.All(classifier.Weights.Zip(chunked.Fit(0.01).Classifier.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void A_measure_is_of_the_same_logits_as_the_outcome()
    {
        var (train, test) = (Clusters(30, 4, 8, 2, 1), Clusters(25, 4, 8, 2, 2));
        using var regression = new LogisticRegression(train, new());
        var classifier = regression.Fit(0.01).Classifier;
        var outcome = classifier.Classify(test, keepScores: true);
        var (accuracy, crossEntropy) = classifier.Measure(test);
        Assert.Equal(outcome.Value(Metric.Top1), accuracy, 1e-12);
        Assert.Equal(outcome.Predictions.Average(image => LinearClassifier.CrossEntropy(image.Scores, image.Right[0])), crossEntropy, 1e-12);
        Assert.Equal(Math.Log(3), LinearClassifier.CrossEntropy([7, 7, 7], 1), 1e-12);
        Assert.Equal(Math.Log(1 + Math.Exp(-2)), LinearClassifier.CrossEntropy([3, 1], 0), 1e-12);
    }
}
