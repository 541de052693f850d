using System.Text.Json;
using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Probes;

namespace Flip.Tests.Evaluation.Probes;

/// <summary>Against PyTorch's L-BFGS in fp64, with which scikit-learn agrees.</summary>
public sealed class LogisticRegressionTests
{
    private static readonly LogisticOptions Exact = new() { Scaling = FeatureScaling.None, DoublePrecision = true, GradientTolerance = 1e-9 };

    private readonly Golden _golden = JsonSerializer.Deserialize<Golden>(
        File.ReadAllText(SharedData.Golden("linear-probe.json")), JsonSerializerOptions.Web)!;

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Loss_weights_and_predictions_are_the_references(int rowsAtOnce)
    {
        using var regression = new LogisticRegression(_golden.Train(), Exact with { RowsAtOnce = rowsAtOnce });
        Assert.Equal(4, _golden.Runs.Length);
        foreach (var run in _golden.Runs)
        {
            var fit = regression.Fit(run.Lambda);
            Assert.True(fit.IsConverged);
            Assert.Equal(run.Loss, fit.Loss, 1e-8);
            Assert.All(run.Weights.SelectMany(row => row).Zip(fit.Classifier.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            var shift = fit.Classifier.Biases.Average(); // a constant on all biases changes nothing; the reference's mean is 0
            Assert.All(run.Bias.Zip(fit.Classifier.Biases), pair => Assert.Equal(pair.First, pair.Second - shift, 1e-4));
            var test = fit.Classifier.Classify(_golden.Test());
            Assert.Equal(run.TestPredictions, test.Predictions.Select(image => image.Predicted));
            Assert.Equal(run.TestAccuracy, test.Value(Metric.Top1), 1e-12);
        }
    }

    [Fact]
    public void Single_precision_and_a_start_elsewhere_end_at_the_same_minimum()
    {
        var run = _golden.Runs[1];
        using var single = new LogisticRegression(_golden.Train(), Exact with { DoublePrecision = false, GradientTolerance = 1e-5 });
        var fit = single.Fit(run.Lambda);
        Assert.Equal(run.Loss, fit.Loss, 1e-6);
        Assert.All(run.Weights.SelectMany(row => row).Zip(fit.Classifier.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-3));

        using var twice = new LogisticRegression(_golden.Train(), Exact);
        var start = twice.Fit(_golden.Runs[0].Lambda);
        var (cold, warm) = (twice.Fit(run.Lambda), twice.Fit(run.Lambda, start.Classifier));
        Assert.Equal(cold.Loss, warm.Loss, 1e-12);
        Assert.True(twice.Fit(run.Lambda, cold.Classifier).Evaluations <= 2);
        Assert.Equal(start.Classifier.Weights, twice.Fit(_golden.Runs[0].Lambda).Classifier.Weights); // the start stays as it is
    }

    [Fact]
    public void The_gradient_is_that_of_the_loss()
    {
        using var loss = new SoftmaxLoss(TorchSharp.torch.tensor(Array.ConvertAll(_golden.Train().Values, value => (double)value)).view(300, 16), _golden.TrainLabels, 5, 11);
        var before = DeviceTraffic.OnThread;
        loss.Evaluate(0.1, null, new double[loss.Variables], new double[loss.Variables]);
        Assert.Equal(1, (DeviceTraffic.OnThread - before).Waits);
        var random = new Random(1);
        var point = Enumerable.Range(0, loss.Variables).Select(_ => random.NextDouble() - 0.5).ToArray();
        var units = Enumerable.Range(0, 16).Select(_ => 0.5 + random.NextDouble()).ToArray();
        var (gradient, unused) = (new double[point.Length], new double[point.Length]);
        loss.Evaluate(0.3, units, point, gradient);
        for (var i = 0; i < point.Length; i += 7)
        {
            double At(double move)
            {
                var moved = point.ToArray();
                moved[i] += move;
                return loss.Evaluate(0.3, units, moved, unused);
            }

            Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, gradient[i], 1e-8);
        }
    }

    [Theory]
    [InlineData(FeatureScaling.Common)]
    [InlineData(FeatureScaling.Standardize)]
    public void A_scaled_fit_does_not_depend_on_the_unit_of_the_features(FeatureScaling scaling)
    {
        var (train, test) = (_golden.Train(), _golden.Test());
        var options = Exact with { Scaling = scaling };
        using var one = new LogisticRegression(train, options);
        using var other = new LogisticRegression(Times(train, 0.01f), options);
        Assert.All(
            Scores(one.Fit(0.01).Classifier, test).Zip(Scores(other.Fit(0.01).Classifier, Times(test, 0.01f))),
            pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void Standardized_features_are_those_of_a_standardized_set()
    {
        var train = _golden.Train();
        var columns = Enumerable.Range(0, 16).Select(j => Enumerable.Range(0, 300).Select(i => (double)train.Values[(i * 16) + j]).ToArray()).ToArray();
        var means = Array.ConvertAll(columns, column => column.Average());
        var deviations = columns.Zip(means, (column, mean) => Math.Sqrt(column.Average(value => (value - mean) * (value - mean)))).ToArray();
        LabelledFeatures ByHand(LabelledFeatures set) =>
            set with { Values = [.. set.Values.Select((value, i) => (float)((value - means[i % 16]) / deviations[i % 16]))] };
        using var own = new LogisticRegression(train, Exact with { Scaling = FeatureScaling.Standardize });
        using var byHand = new LogisticRegression(ByHand(train), Exact);
        Assert.All(
            Scores(own.Fit(0.1).Classifier, _golden.Test()).Zip(Scores(byHand.Fit(0.1).Classifier, ByHand(_golden.Test()))),
            pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void A_feature_that_never_changes_and_one_that_is_not_finite_are_told_apart()
    {
        var train = _golden.Train();
        var constant = train with { Values = [.. train.Values.Select((value, i) => i % 16 == 3 ? 0 : value)] };
        foreach (var scaling in Enum.GetValues<FeatureScaling>())
        {
            using var regression = new LogisticRegression(constant, Exact with { Scaling = scaling });
            Assert.True(regression.Fit(0.1).IsConverged);
        }

        var bad = train with { Values = [.. train.Values.Select((value, i) => i == 40 ? float.NaN : value)] };
        var error = Assert.Throws<ArithmeticException>(() => new LogisticRegression(bad, Exact));
        Assert.Contains("'row 2' has the feature NaN", error.Message, StringComparison.Ordinal);

        // Without any difference between images the biases alone learn, the shares of the classes.
        using var blind = new LogisticRegression(train with { Values = new float[train.Values.Length] }, Exact);
        var fit = blind.Fit(0.1);
        var shares = _golden.TrainLabels.CountBy(label => label).Select(count => count.Value / 300.0);
        Assert.Equal(-shares.Sum(share => share * Math.Log(share)), fit.Loss, 1e-9);
        Assert.Equal(5 * 16, fit.Classifier.Weights.Length);
    }

    [Fact]
    public void Fewer_images_than_features_have_the_same_minimum_as_the_loss_itself()
    {
        var few = ProbeData.Clusters(2, 4, 30, 0.5, 1);
        using var regression = new LogisticRegression(few, Exact);
        var fit = regression.Fit(0.01);
        using var loss = new SoftmaxLoss(TorchSharp.torch.tensor(Array.ConvertAll(few.Values, value => (double)value)).view(8, 30), few.Labels, 4);
        var gradient = new double[loss.Variables];
        Assert.Equal(fit.Loss, loss.Evaluate(0.01, null, [.. fit.Classifier.Weights, .. fit.Classifier.Biases], gradient), 1e-9);
        Assert.All(gradient, entry => Assert.Equal(0, entry, 1e-8));
    }

    [Fact]
    public void Cancellation_ends_a_fit()
    {
        using var regression = new LogisticRegression(_golden.Train(), Exact);
        Assert.Throws<OperationCanceledException>(() => regression.Fit(0.1, cancellation: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_label_outside_the_classes_is_refused_by_name()
    {
        var error = Assert.Throws<ArgumentException>(() => new LogisticRegression(_golden.Train() with { ClassNames = ProbeData.Names(4) }, Exact));
        Assert.Contains("has the label 4; there are 4 classes", error.Message, StringComparison.Ordinal);
    }

    private static LabelledFeatures Times(LabelledFeatures set, float factor) =>
        set with { Values = Array.ConvertAll(set.Values, value => value * factor) };

    private static float[] Scores(LinearClassifier classifier, LabelledFeatures features) =>
        ProbeData.Scores(classifier.Classify(features, keepScores: true));

    private sealed record Golden(float[][] TrainFeatures, int[] TrainLabels, float[][] TestFeatures, int[] TestLabels, Run[] Runs)
    {
        // The reference computed with the decimals as doubles; as floats they differ by 1e-8 of their size, which the tolerances hold.
        public LabelledFeatures Train() => Of(TrainFeatures, TrainLabels);

        public LabelledFeatures Test() => Of(TestFeatures, TestLabels);

        private static LabelledFeatures Of(float[][] rows, int[] labels) =>
            new([.. rows.SelectMany(row => row)], rows[0].Length, labels, [.. labels.Select((_, i) => $"row {i}")], ProbeData.Names(5));
    }

    private sealed record Run(double Lambda, double Loss, double[][] Weights, double[] Bias, int[] TestPredictions, double TestAccuracy);
}
