using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>
/// The objective of multinomial logistic regression: mean cross-entropy + λ/2 · the sum of squared weights; biases are free. Products
/// are computed in the type of the features and on their device, a chunk of rows at a time; sums over chunks, the penalty and the variables are fp64.
/// A pass sends the variables and reads the gradient, in one wait.
/// </summary>
/// <remarks>Variables are one array: weights <c>[classes, dim]</c>, row-major, each in a unit of its column, then biases <c>[classes]</c>.</remarks>
internal sealed class SoftmaxLoss : IDisposable
{
    // Measured on two cores for 10 and 100 classes: larger chunks leave the caches, smaller ones make thin products.
    private const int MostRows = 8192;
    private const long LogitsAtOnce = 1 << 20;

    private readonly Tensor _features; // [images, dim]
    private readonly Tensor _labels; // int64, [images, 1]
    private readonly Tensor _minusOne; // [rows, 1]
    private readonly int _classes;
    private readonly int _rows;

    /// <param name="features">fp32 or fp64, <c>[images, dim]</c>; owned from now on.</param>
    /// <param name="labels">Class of each image, within the classes.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="rowsAtOnce">Rows of a chunk; 0 chooses.</param>
    public SoftmaxLoss(Tensor features, int[] labels, int classes, int rowsAtOnce = 0)
    {
        (_features, _classes) = (features, classes);
        Dim = checked((int)features.shape[1]);
        _rows = (int)Math.Min(labels.Length, rowsAtOnce > 0 ? rowsAtOnce : Math.Clamp(LogitsAtOnce / classes, 1, MostRows));
        using var scope = NewDisposeScope();
        _labels = DeviceTraffic.Send<long>(Array.ConvertAll(labels, label => (long)label), features.device, labels.Length, 1).DetachFromDisposeScope();
        _minusOne = ones([_rows, 1], features.dtype, features.device).neg().DetachFromDisposeScope();
    }

    /// <summary>Width of the features.</summary>
    public int Dim { get; }

    /// <summary>Number of variables.</summary>
    public int Variables => (_classes * Dim) + _classes;

    /// <summary>Value and gradient.</summary>
    /// <param name="lambda">Factor λ of the penalty.</param>
    /// <param name="units">What a variable is multiplied by to be a weight, <c>[dim]</c>; null for 1.</param>
    /// <param name="point">The variables.</param>
    /// <param name="gradient">Receives the gradient.</param>
    public double Evaluate(double lambda, double[]? units, ReadOnlySpan<double> point, Span<double> gradient)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (images, device) = (_features.shape[0], _features.device);
        var variables = DeviceTraffic.Send(point, device, point.Length);
        var unit = units is null ? ones(Dim, ScalarType.Float64, device) : DeviceTraffic.Send<double>(units, device, Dim);
        var weights = variables.narrow(0, 0, (long)_classes * Dim).view(_classes, Dim) * unit;
        var transposed = weights.to(_features.dtype).t(); // [dim, classes]
        var biases = variables.narrow(0, (long)_classes * Dim, _classes).to(_features.dtype);
        var weightGradient = zeros([_classes, Dim], ScalarType.Float64, device);
        var biasGradient = zeros(_classes, ScalarType.Float64, device);
        var rightLogs = zeros(1, ScalarType.Float64, device); // sum of the right classes' log-probabilities
        for (var first = 0L; first < images; first += _rows)
        {
            using var chunk = NewDisposeScope();
            var rows = Math.Min(_rows, images - first);
            var x = _features.narrow(0, first, rows); // [rows, dim]
            var labels = _labels.narrow(0, first, rows); // [rows, 1]
            var logProbabilities = x.mm(transposed).Plus_(biases).log_softmax(1); // [rows, classes]
            rightLogs.Plus_(logProbabilities.gather(1, labels).sum(ScalarType.Float64));
            var logitGradient = logProbabilities.exp_().scatter_add_(1, labels, _minusOne.narrow(0, 0, rows));
            weightGradient.Plus_(logitGradient.t().mm(x));
            biasGradient.Plus_(logitGradient.sum(0, type: ScalarType.Float64));
        }

        var numbers = DeviceTraffic.ReadDoubles(cat(
        [
            weightGradient.Over_(images).Plus_(weights, lambda).mul_(unit).view(-1), biasGradient.Over_(images), rightLogs, weights.Squared().sum().view(1),
        ]));
        numbers.AsSpan(0, Variables).CopyTo(gradient);
        return (-numbers[^2] / images) + (lambda / 2 * numbers[^1]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _features.Dispose();
        _labels.Dispose();
        _minusOne.Dispose();
    }
}
