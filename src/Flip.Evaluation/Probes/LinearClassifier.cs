using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Models;
using Flip.Native;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>A linear classifier of features.</summary>
/// <param name="Weights"><c>[classes, dim]</c>, row-major.</param>
/// <param name="Biases"><c>[classes]</c>.</param>
public sealed record LinearClassifier(double[] Weights, double[] Biases)
{
    private const int RowsAtOnce = 8192;

    /// <summary>Classifies images, a chunk at a time and one ahead.</summary>
    /// <param name="features">The images.</param>
    /// <param name="keepScores">Whether to keep all logits; see <see cref="MetricNames.NeedsScores"/>.</param>
    /// <param name="rowsAtOnce">Images of a chunk.</param>
    /// <param name="device">Where the products are made; null for the processor.</param>
    /// <exception cref="ArgumentException">The features are of another width.</exception>
    public ClassificationOutcome Classify(LabelledFeatures features, bool keepScores = false, int rowsAtOnce = RowsAtOnce, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        var outcome = new ClassificationAccumulator(features.ClassNames, keepScores);
        foreach (var (first, logits) in Logits(features, rowsAtOnce, device ?? CPU))
        {
            var rows = Enumerable.Range(first, logits.Length / features.Classes);
            outcome.Add([.. rows.Select(row => features.Keys[row])], [.. rows.Select(row => new[] { features.Labels[row] })], logits);
        }

        return outcome.ToOutcome();
    }

    /// <summary>Share of images classified right, and mean cross-entropy of their classes.</summary>
    /// <param name="features">The images.</param>
    /// <param name="device">Where the products are made; null for the processor.</param>
    public (double Accuracy, double CrossEntropy) Measure(LabelledFeatures features, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        var (hits, sum) = (0, 0.0);
        foreach (var (first, logits) in Logits(features, RowsAtOnce, device ?? CPU))
        {
            for (var image = 0; image < logits.Length / features.Classes; image++)
            {
                var row = logits.AsSpan(image * features.Classes, features.Classes);
                var label = features.Labels[first + image];
                hits += Ranking.Before(row, label) == 0 ? 1 : 0;
                sum += CrossEntropy(row, label);
            }
        }

        return ((double)hits / features.Count, sum / features.Count);
    }

    /// <summary>−log of the softmax's probability of a class.</summary>
    internal static double CrossEntropy(ReadOnlySpan<float> logits, int label)
    {
        double most = logits[Ranking.Best(logits)];
        var total = 0.0;
        foreach (var logit in logits)
        {
            total += Math.Exp(logit - most);
        }

        return Math.Log(total) + most - logits[label];
    }

    /// <summary>The logits of chunks, each with its first image; computed in fp64 and rounded once, so that the size of a chunk does not show in them.</summary>
    private IEnumerable<(int First, float[] Logits)> Logits(LabelledFeatures features, int rowsAtOnce, Device device)
    {
        LibTorch.EnsureLoaded();
        var (classes, dim) = (Biases.Length, features.Dim);
        if (Weights.LongLength != (long)classes * dim)
        {
            throw new ArgumentException($"The classifier has {Weights.Length} weights, not {classes} × {dim}.", nameof(features));
        }

        return OneAhead.Read(Send());

        IEnumerable<(int First, PendingResult? Logits)> Send()
        {
            using var weights = DeviceTraffic.Send<double>(Weights, device, classes, dim);
            using var biases = DeviceTraffic.Send<double>(Biases, device, classes);
            for (var first = 0; first < features.Count; first += rowsAtOnce)
            {
                yield return (first, Chunk(features, first, Math.Min(rowsAtOnce, features.Count - first), weights, biases));
            }
        }
    }

    private static PendingResult Chunk(LabelledFeatures features, int first, int rows, Tensor weights, Tensor biases)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var x = DeviceTraffic.Send<float>(features.Values.AsSpan(first * features.Dim, rows * features.Dim), weights.device, rows, features.Dim);
        return DeviceTraffic.StartRead(x.to(ScalarType.Float64).mm(weights.t()).Plus_(biases)); // [rows, classes]
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
