using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>A linear classifier of features.</summary>
/// <param name="Weights"><c>[classes, dim]</c>, row-major.</param>
/// <param name="Biases"><c>[classes]</c>.</param>
public sealed record LinearClassifier(double[] Weights, double[] Biases)
{
    private const int RowsAtOnce = 8192;

    /// <summary>The logits of images, computed in fp64 and rounded once, so that the size of a chunk does not show in them.</summary>
    /// <param name="features">The images.</param>
    /// <param name="rowsAtOnce">Images of a chunk.</param>
    /// <exception cref="ArgumentException">The features are of another width.</exception>
    public ScoredImages Score(LabelledFeatures features, int rowsAtOnce = RowsAtOnce)
    {
        var (classes, dim) = (Biases.Length, features.Dim);
        if (Weights.LongLength != (long)classes * dim)
        {
            throw new ArgumentException($"The classifier has {Weights.Length} weights, not {classes} × {dim}.", nameof(features));
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weights = tensor(Weights).view(classes, dim).t(); // [dim, classes]
        var biases = tensor(Biases);
        var scores = new float[(long)features.Count * classes];
        for (var first = 0; first < features.Count; first += rowsAtOnce)
        {
            using var chunk = NewDisposeScope();
            var rows = Math.Min(rowsAtOnce, features.Count - first);
            var x = tensor(features.Values.AsSpan(first * dim, rows * dim).ToArray()).view(rows, dim).to(ScalarType.Float64);
            x.mm(weights).Plus_(biases).to(ScalarType.Float32).data<float>().ToArray().CopyTo(scores, first * classes);
        }

        return new(features.Keys, features.Labels, classes, scores);
    }

    /// <summary>The classifier of features as they are that agrees with this one of scaled ones.</summary>
    internal LinearClassifier Unscale(ScaledFeatures scaled)
    {
        var dim = scaled.Mean.Length;
        var (weights, biases) = ((double[])Weights.Clone(), (double[])Biases.Clone());
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] *= scaled.Factor[i % dim];
            biases[i / dim] -= weights[i] * scaled.Mean[i % dim];
        }

        return new(weights, biases);
    }

    /// <summary>The classifier of scaled features that agrees with this one of features as they are.</summary>
    internal LinearClassifier Scale(ScaledFeatures scaled)
    {
        var dim = scaled.Mean.Length;
        var (weights, biases) = ((double[])Weights.Clone(), (double[])Biases.Clone());
        for (var i = 0; i < weights.Length; i++)
        {
            biases[i / dim] += weights[i] * scaled.Mean[i % dim];
            weights[i] /= scaled.Factor[i % dim];
        }

        return new(weights, biases);
    }
}
