using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>
/// The directions of features in which they vary independently. A rotation to them changes neither the loss nor the norm of weights, and tells
/// how much the loss bends along each: with variables in units of that, L-BFGS takes a fraction of the steps. Features are sent to the
/// device in chunks, so that only the rotated ones are held there; eigenvectors are found on the processor, which asks nothing of the device's libraries.
/// </summary>
internal sealed class PrincipalAxes : IDisposable
{
    private const int RowsAtOnce = 4096;

    // Relative to the largest variance: what is below is rounding of fp32 features.
    private const double LeastVariance = 1e-12;

    private readonly LabelledFeatures _features;
    private readonly Device _device;
    private readonly Tensor _mean;
    private readonly Tensor _factor;

    /// <param name="features">The training set.</param>
    /// <param name="scaled">How it is centred and scaled first.</param>
    /// <param name="device">Where the products are made.</param>
    public PrincipalAxes(LabelledFeatures features, ScaledFeatures scaled, Device device)
    {
        (_features, _device) = (features, device);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _mean = DeviceTraffic.Send<double>(scaled.Mean, device, features.Dim);
        _factor = DeviceTraffic.Send<double>(scaled.Factor, device, features.Dim);
        var (variances, axes) = features.Count < features.Dim ? OfRows() : OfColumns();
        if (variances.Length == 0)
        {
            // All images are the same: a direction of nothing keeps the shapes.
            (variances, axes) = ([0], zeros([features.Dim, 1], ScalarType.Float64, device));
        }

        Variances = variances;
        Axes = axes.DetachFromDisposeScope();
        _mean.DetachFromDisposeScope();
        _factor.DetachFromDisposeScope();
    }

    /// <summary>Orthonormal columns, fp64, <c>[dim, axes]</c>.</summary>
    public Tensor Axes { get; }

    /// <summary>Variance of the scaled features along each, <c>[axes]</c>.</summary>
    public double[] Variances { get; }

    /// <summary>The training set along the axes, <c>[images, axes]</c>; the caller's.</summary>
    /// <param name="type">fp32 or fp64.</param>
    public Tensor Rotate(ScalarType type)
    {
        using var noGrad = no_grad();
        var rotated = empty([_features.Count, Variances.Length], type, _device);
        using var scope = NewDisposeScope();
        for (var first = 0; first < _features.Count; first += RowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var rows = Scaled(first);
            rotated.narrow(0, first, rows.shape[0]).copy_(rows.mm(Axes));
        }

        return rotated;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Axes.Dispose();
        _mean.Dispose();
        _factor.Dispose();
    }

    private (double[] Variances, Tensor Axes) OfColumns()
    {
        var products = zeros([_features.Dim, _features.Dim], ScalarType.Float64, _device);
        for (var first = 0; first < _features.Count; first += RowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var rows = Scaled(first);
            products.Plus_(rows.t().mm(rows));
        }

        var (sums, axes) = Eigenvectors(products);
        return (Array.ConvertAll(sums, sum => sum / _features.Count), axes);
    }

    /// <summary>The same of fewer images than features, from the products of images.</summary>
    private (double[] Variances, Tensor Axes) OfRows()
    {
        var rows = Enumerable.Range(0, (_features.Count + RowsAtOnce - 1) / RowsAtOnce).Select(chunk => Scaled(chunk * RowsAtOnce)).ToArray();
        var all = cat(rows, 0); // [images, dim]
        var (sums, ofImages) = Eigenvectors(all.mm(all.t()));
        if (sums.Length == 0)
        {
            return ([], ofImages);
        }

        var lengths = DeviceTraffic.Send<double>(Array.ConvertAll(sums, Math.Sqrt), _device, sums.Length);
        return (Array.ConvertAll(sums, sum => sum / _features.Count), all.t().mm(ofImages) / lengths);
    }

    /// <summary>Those of a symmetric matrix whose eigenvalue is not of rounding, ascending, with the eigenvectors as columns on the device.</summary>
    private static (double[] Values, Tensor Vectors) Eigenvectors(Tensor matrix)
    {
        var size = matrix.shape[0];
        var (values, vectors) = linalg.eigh(tensor(DeviceTraffic.ReadDoubles(matrix)).view(size, size));
        var all = values.data<double>().ToArray();
        var first = Array.FindIndex(all, value => value > LeastVariance * all[^1]);
        var kept = first < 0 ? 0 : all.Length - first;
        return kept == 0
            ? ([], matrix)
            : (all[^kept..], DeviceTraffic.Send<double>(DeviceTraffic.ReadDoubles(vectors.narrow(1, first, kept)), matrix.device, size, kept));
    }

    private Tensor Scaled(int first)
    {
        var rows = Math.Min(RowsAtOnce, _features.Count - first);
        var values = DeviceTraffic.Send<float>(_features.Values.AsSpan(first * _features.Dim, rows * _features.Dim), _device, rows, _features.Dim);
        return (values.to(ScalarType.Float64) - _mean) * _factor;
    }
}
