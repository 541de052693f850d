using Flip.Evaluation.Features;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>
/// The directions of features in which they vary independently. A rotation to them changes neither the loss nor the norm of weights, and tells
/// how much the loss bends along each: with variables in units of that, L-BFGS takes a fraction of the steps.
/// </summary>
internal sealed class PrincipalAxes : IDisposable
{
    private const int RowsAtOnce = 4096;

    // Relative to the largest variance: what is below is rounding of fp32 features.
    private const double LeastVariance = 1e-12;

    private readonly LabelledFeatures _features;
    private readonly Tensor _mean;
    private readonly Tensor _factor;

    /// <param name="features">The training set.</param>
    /// <param name="scaled">How it is centred and scaled first.</param>
    public PrincipalAxes(LabelledFeatures features, ScaledFeatures scaled)
    {
        _features = features;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        (_mean, _factor) = (tensor(scaled.Mean), tensor(scaled.Factor));
        var (variances, axes) = features.Count < features.Dim ? OfRows() : OfColumns();
        if (variances.numel() == 0)
        {
            // All images are the same: a direction of nothing keeps the shapes.
            (variances, axes) = (zeros(1, ScalarType.Float64), zeros([features.Dim, 1], ScalarType.Float64));
        }

        Variances = variances.data<double>().ToArray();
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
        var rotated = empty([_features.Count, Variances.Length], type);
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

    private (Tensor Variances, Tensor Axes) OfColumns()
    {
        var products = zeros([_features.Dim, _features.Dim], ScalarType.Float64);
        for (var first = 0; first < _features.Count; first += RowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var rows = Scaled(first);
            products.Plus_(rows.t().mm(rows));
        }

        var (sums, axes) = linalg.eigh(products);
        var kept = Kept(sums);
        return (sums.index_select(0, kept).Over(_features.Count), axes.index_select(1, kept));
    }

    /// <summary>The same of fewer images than features, from the products of images.</summary>
    private (Tensor Variances, Tensor Axes) OfRows()
    {
        var rows = Enumerable.Range(0, (_features.Count + RowsAtOnce - 1) / RowsAtOnce).Select(chunk => Scaled(chunk * RowsAtOnce)).ToArray();
        var all = cat(rows, 0); // [images, dim]
        var (sums, ofImages) = linalg.eigh(all.mm(all.t()));
        var kept = Kept(sums);
        sums = sums.index_select(0, kept);
        return (sums.Over(_features.Count), all.t().mm(ofImages.index_select(1, kept)) / sums.sqrt());
    }

    private static Tensor Kept(Tensor sums)
    {
        var values = sums.data<double>().ToArray();
        var kept = values.Index().Where(value => value.Item > LeastVariance * values[^1]).Select(value => (long)value.Index).ToArray();
        return tensor(kept, [kept.Length], ScalarType.Int64);
    }

    private Tensor Scaled(int first)
    {
        var rows = Math.Min(RowsAtOnce, _features.Count - first);
        var values = tensor(_features.Values.AsSpan(first * _features.Dim, rows * _features.Dim).ToArray()).view(rows, _features.Dim);
        return (values.to(ScalarType.Float64) - _mean) * _factor;
    }
}
