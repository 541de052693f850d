using Flip.Native;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>How a logistic regression is computed.</summary>
public sealed record LogisticOptions
{
    /// <summary>What is done to the features first.</summary>
    public FeatureScaling Scaling { get; init; } = FeatureScaling.RootMeanSquare;

    /// <summary>Whether products are fp64; they are fp32 else, at less than half the time, and only a sum over chunks is fp64.</summary>
    public bool DoublePrecision { get; init; }

    /// <summary>Largest entry of the gradient, relative to a loss above 1 and to weights above 1, at which the minimum counts as found;
    /// fp32 products reach about 1e-6.</summary>
    public double GradientTolerance { get; init; } = 1e-4;

    /// <summary>Most steps; CLIP's protocol has 1000.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Images of a chunk; 0 chooses.</summary>
    public int RowsAtOnce { get; init; }
}

/// <summary>A logistic regression that was fitted.</summary>
/// <param name="Classifier">The classifier of features as they are.</param>
/// <param name="Loss">The objective: mean cross-entropy + λ/2 · squared weights.</param>
/// <param name="Evaluations">Passes over the training set.</param>
/// <param name="IsConverged">Whether the gradient came within its tolerance.</param>
/// <param name="Variables">Weights and biases for the scaled features; another fit may start with them.</param>
public sealed record LogisticFit(LinearClassifier Classifier, double Loss, int Evaluations, bool IsConverged, double[] Variables);

/// <summary>
/// Multinomial logistic regression by L-BFGS. It minimises the mean cross-entropy of the training images + λ/2 · the sum of squared weights;
/// biases are free. (scikit-learn's C is 1 / (λ · images).)
/// </summary>
public sealed class LogisticRegression : IDisposable
{
    private const int Memory = 10;
    private const int RowsScaledAtOnce = 4096;

    private readonly LogisticOptions _options;
    private readonly int _classes;
    private readonly ScaledFeatures _scaled;
    private readonly SoftmaxLoss _loss;

    /// <summary>Takes the training set, once for any number of fits.</summary>
    /// <param name="train">The training set.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="options">How it is computed.</param>
    /// <exception cref="ArgumentException">See <see cref="LabelledFeatures.Check"/>.</exception>
    public LogisticRegression(LabelledFeatures train, int classes, LogisticOptions options)
    {
        train.Check(classes);
        (_classes, _options) = (classes, options);
        _scaled = ScaledFeatures.Of(train, options.Scaling);
        _loss = new SoftmaxLoss(Scale(train, options.DoublePrecision), train.Labels, classes, options.RowsAtOnce);
    }

    /// <summary>Fits.</summary>
    /// <param name="lambda">Factor λ of the penalty, at least 0.</param>
    /// <param name="start">Variables of another fit of as many classes and features; null for zeros. The minimum is the same, found sooner.</param>
    /// <param name="cancellation">Stops between two passes.</param>
    /// <exception cref="ArithmeticException">The features give no finite loss.</exception>
    public LogisticFit Fit(double lambda, double[]? start = null, CancellationToken cancellation = default)
    {
        var lowest = (Value: double.PositiveInfinity, Point: start ?? new double[_loss.Variables]);
        var (evaluations, isConverged) = (0, false);
        var objective = ObjectiveFunction.Gradient(at =>
        {
            cancellation.ThrowIfCancellationRequested();
            evaluations++;
            var point = at.AsArray() ?? at.ToArray();
            var gradient = new double[point.Length];
            var value = _loss.Evaluate(lambda, point, gradient);
            if (!double.IsFinite(value) && evaluations == 1)
            {
                throw new ArithmeticException("The loss of the probe is not finite where it begins: the features are not usable.");
            }

            if (value < lowest.Value)
            {
                lowest = (value, [.. point]); // copied: the minimiser moves its own
            }

            return (value, Vector<double>.Build.Dense(gradient));
        });
        try
        {
            // The other two criteria are left to rounding: it is the gradient that says how far the minimum is.
            var result = new LimitedMemoryBfgsMinimizer(_options.GradientTolerance, 1e-14, 0, Memory, _options.MaxIterations)
                .FindMinimum(objective, Vector<double>.Build.Dense([.. lowest.Point]));
            lowest = (result.FunctionInfoAtMinimum.Value, result.MinimizingPoint.ToArray());
            isConverged = result.ReasonForExit is ExitCondition.AbsoluteGradient or ExitCondition.RelativeGradient;
        }
        catch (OptimizationException)
        {
            // Out of iterations, or rounding leaves no lower point along the line: the lowest point stands, and IsConverged tells.
        }

        var classifier = new LinearClassifier(lowest.Point[..^_classes], lowest.Point[^_classes..]).Unscale(_scaled);
        return new(classifier, lowest.Value, evaluations, isConverged, lowest.Point);
    }

    /// <inheritdoc/>
    public void Dispose() => _loss.Dispose();

    private Tensor Scale(LabelledFeatures train, bool doublePrecision)
    {
        LibTorch.EnsureLoaded();
        var features = empty([train.Count, train.Dim], doublePrecision ? ScalarType.Float64 : ScalarType.Float32);
        using var scope = NewDisposeScope();
        var (mean, factor) = (tensor(_scaled.Mean), tensor(_scaled.Factor));
        for (var first = 0; first < train.Count; first += RowsScaledAtOnce)
        {
            using var chunk = NewDisposeScope();
            var rows = Math.Min(RowsScaledAtOnce, train.Count - first);
            var values = tensor(train.Values.AsSpan(first * train.Dim, rows * train.Dim).ToArray()).view(rows, train.Dim);
            features.narrow(0, first, rows).copy_((values.to(ScalarType.Float64) - mean) * factor);
        }

        return features;
    }
}
