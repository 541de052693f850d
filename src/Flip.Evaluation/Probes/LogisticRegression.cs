using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Native;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>How a logistic regression is computed.</summary>
public sealed record LogisticOptions
{
    /// <summary>What is done to the features first.</summary>
    public FeatureScaling Scaling { get; init; } = FeatureScaling.Common;

    /// <summary>Whether products are fp64; they are fp32 else, at less than half the time, and only a sum over chunks is fp64.</summary>
    public bool DoublePrecision { get; init; }

    /// <summary>Largest entry of the gradient at which the minimum counts as found, in units in which the loss bends by about 1 (and relative
    /// to a loss and to variables above 1).</summary>
    public double GradientTolerance { get; init; } = 3e-4;

    /// <summary>Most steps; CLIP's protocol has 1000.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Images of a chunk; 0 chooses.</summary>
    public int RowsAtOnce { get; init; }

    /// <summary>Where the products are made; null for the processor. L-BFGS itself is always there. A GPU for games makes fp64 products many times
    /// slower than fp32 ones.</summary>
    public Device? Device { get; init; }
}

/// <summary>A logistic regression that was fitted.</summary>
/// <param name="Classifier">The classifier of features as they are.</param>
/// <param name="Loss">The objective: mean cross-entropy + λ/2 · squared weights.</param>
/// <param name="Evaluations">Passes over the training set.</param>
/// <param name="IsConverged">Whether the gradient came within its tolerance.</param>
public sealed record LogisticFit(LinearClassifier Classifier, double Loss, int Evaluations, bool IsConverged);

/// <summary>
/// Multinomial logistic regression by L-BFGS. It minimises the mean cross-entropy of the training images + λ/2 · the sum of squared weights;
/// biases are free. (scikit-learn's C is 1 / (λ · images).)
/// </summary>
public sealed class LogisticRegression : IDisposable
{
    private const int Memory = 10;

    private readonly LogisticOptions _options;
    private readonly int _classes;
    private readonly ScaledFeatures _scaled;
    private readonly PrincipalAxes _axes;
    private readonly SoftmaxLoss _loss;

    /// <summary>Takes the training set, once for any number of fits.</summary>
    /// <param name="train">The training set.</param>
    /// <param name="options">How it is computed.</param>
    /// <exception cref="ArgumentException">See <see cref="LabelledFeatures.Check"/>.</exception>
    /// <exception cref="ArithmeticException">A feature is not finite.</exception>
    public LogisticRegression(LabelledFeatures train, LogisticOptions options)
    {
        train.Check();
        (_classes, _options) = (train.Classes, options);
        LibTorch.EnsureLoaded();
        _scaled = ScaledFeatures.Of(train, options.Scaling);
        _axes = new PrincipalAxes(train, _scaled, options.Device ?? CPU);
        var features = _axes.Rotate(options.DoublePrecision ? ScalarType.Float64 : ScalarType.Float32);
        _loss = new SoftmaxLoss(features, train.Labels, train.Classes, options.RowsAtOnce);
    }

    /// <summary>Fits.</summary>
    /// <param name="lambda">Factor λ of the penalty, at least 0.</param>
    /// <param name="start">A classifier of the same classes and features to begin with; null for zeros. The minimum is the same, found sooner.</param>
    /// <param name="cancellation">Stops between two passes.</param>
    public LogisticFit Fit(double lambda, LinearClassifier? start = null, CancellationToken cancellation = default)
    {
        var bends = Array.ConvertAll(_axes.Variances, variance => (variance / _classes) + lambda); // of the loss, at equal probabilities
        var units = Array.ConvertAll(bends, bend => bend > 0 ? 1 / Math.Sqrt(bend) : 1);
        var lowest = (Value: double.PositiveInfinity, Point: start is null ? new double[_loss.Variables] : ToVariables(start, units));
        var (evaluations, isConverged) = (0, false);
        var objective = ObjectiveFunction.Gradient(at =>
        {
            cancellation.ThrowIfCancellationRequested();
            evaluations++;
            var point = at.AsArray() ?? at.ToArray();
            var gradient = new double[point.Length];
            var value = _loss.Evaluate(lambda, units, point, gradient);
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

        return new(ToClassifier(lowest.Point, units), lowest.Value, evaluations, isConverged);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _axes.Dispose();
        _loss.Dispose();
    }

    private double[] ToVariables(LinearClassifier start, double[] units)
    {
        var scaled = start.Scale(_scaled);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weights = Send(scaled.Weights, _classes, _scaled.Mean.Length).mm(_axes.Axes) / Send(units, units.Length);
        return [.. DeviceTraffic.ReadDoubles(weights), .. scaled.Biases];
    }

    private LinearClassifier ToClassifier(double[] variables, double[] units)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weights = (Send(variables[..^_classes], _classes, units.Length) * Send(units, units.Length)).mm(_axes.Axes.t());
        return new LinearClassifier(DeviceTraffic.ReadDoubles(weights), variables[^_classes..]).Unscale(_scaled);
    }

    private Tensor Send(double[] values, params ReadOnlySpan<long> shape) => DeviceTraffic.Send<double>(values, _axes.Axes.device, shape);
}
