using System.Diagnostics;
using System.Globalization;
using Flip.Evaluation.Features;
using Flip.Evaluation.Outcomes;
using Flip.Native;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>The training images that are nearest to each test image.</summary>
/// <param name="Count">Neighbours of an image.</param>
/// <param name="Indices">Training images, the nearest first, <c>[images, Count]</c>; equals in the order of the training set.</param>
/// <param name="Cosines">Their cosine similarities, <c>[images, Count]</c>.</param>
public sealed record Neighbors(int Count, int[] Indices, float[] Cosines);

/// <summary>
/// k nearest neighbours by cosine similarity, exactly: every pair is compared, a block at a time. Votes count one each, or exp(cosine / τ)
/// with τ = 0.07, as DINO's protocol has it (Wu et al., 2018).
/// </summary>
public static class NearestNeighbors
{
    /// <summary>Name of the method with weighted votes.</summary>
    public const string Weighted = "knn";

    /// <summary>Name of the method with equal votes.</summary>
    public const string Majority = "knn-majority";

    /// <summary>Temperature τ of the weighted votes.</summary>
    public const double Temperature = 0.07;

    private const int TrainRowsAtOnce = 8192;
    private const int TestRowsAtOnce = 512;

    /// <summary>Finds the neighbours once and votes in both ways.</summary>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="k">Neighbours that vote; of a smaller training set all do.</param>
    /// <param name="keepScores">Whether to keep the votes for all classes.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    public static IReadOnlyList<ProbeResult> Run(
        LabelledFeatures train,
        LabelledFeatures test,
        int k,
        bool keepScores = false,
        Action<double>? report = null,
        CancellationToken cancellation = default)
    {
        train.Check();
        test.Check();
        var start = Stopwatch.GetTimestamp();
        var found = Find(train, test, k, report: report, cancellation: cancellation);
        var details = new Dictionary<string, object> { ["k"] = found.Count, ["temperature"] = Temperature };
        var (weighted, majority) = (Vote(found, train, test, Temperature, keepScores), Vote(found, train, test, null, keepScores));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return
        [
            new(Weighted, string.Create(CultureInfo.InvariantCulture, $"k {found.Count}, τ {Temperature}"), weighted, seconds, details),
            new(Majority, string.Create(CultureInfo.InvariantCulture, $"k {found.Count}"), majority, seconds, details),
        ];
    }

    /// <summary>The nearest training images of each test image.</summary>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="k">How many.</param>
    /// <param name="trainRowsAtOnce">Training images of a block.</param>
    /// <param name="testRowsAtOnce">Test images of a block.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    public static Neighbors Find(
        LabelledFeatures train,
        LabelledFeatures test,
        int k,
        int trainRowsAtOnce = TrainRowsAtOnce,
        int testRowsAtOnce = TestRowsAtOnce,
        Action<double>? report = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        if (train.Dim != test.Dim)
        {
            throw new ArgumentException($"The training images have {train.Dim} features and the test images {test.Dim}.", nameof(test));
        }

        LibTorch.EnsureLoaded();
        k = Math.Min(k, train.Count);
        var nearest = Enumerable.Range(0, test.Count).Select(_ => new Nearest(k)).ToArray();
        using var noGrad = no_grad();
        for (var firstKey = 0; firstKey < train.Count; firstKey += trainRowsAtOnce)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(trainRowsAtOnce, train.Count - firstKey);
            var keys = Directions(train, firstKey, count).t(); // [dim, keys]
            for (var first = 0; first < test.Count; first += testRowsAtOnce)
            {
                cancellation.ThrowIfCancellationRequested();
                using var chunk = NewDisposeScope();
                var rows = Math.Min(testRowsAtOnce, test.Count - first);

                // Summed in fp64 and rounded once, so that neither the blocks nor the threads show, and equal features tie.
                var cosines = Directions(test, first, rows).mm(keys).to(ScalarType.Float32).data<float>().ToArray(); // [rows, keys]
                var (queries, offset) = (first, firstKey);
                Parallel.For(0, rows, row => nearest[queries + row].Take(cosines.AsSpan(row * count, count), offset));
                report?.Invoke((firstKey + ((double)count * (first + rows) / test.Count)) / train.Count);
            }
        }

        return new(k, [.. nearest.SelectMany(found => found.Indices)], [.. nearest.SelectMany(found => found.Cosines)]);
    }

    /// <summary>Counts the neighbours' votes for each class.</summary>
    /// <param name="found">The neighbours.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="temperature">τ of votes exp(cosine / τ); null for equal ones.</param>
    /// <param name="keepScores">Whether to keep the votes for all classes.</param>
    public static ClassificationOutcome Vote(
        Neighbors found, LabelledFeatures train, LabelledFeatures test, double? temperature, bool keepScores = false)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        var outcome = new ClassificationAccumulator(test.ClassNames, keepScores);
        foreach (var images in Enumerable.Range(0, test.Count).Chunk(TestRowsAtOnce))
        {
            outcome.Add(
                [.. images.Select(image => test.Keys[image])],
                [.. images.Select(image => new[] { test.Labels[image] })],
                [.. images.SelectMany(image => Votes(found, train, image, temperature))]);
        }

        return outcome.ToOutcome();
    }

    /// <summary>The votes of an image's neighbours, <c>[classes]</c>.</summary>
    private static float[] Votes(Neighbors found, LabelledFeatures train, int image, double? temperature)
    {
        var votes = new double[train.Classes];
        var first = image * found.Count;
        for (var place = first; place < first + found.Count; place++)
        {
            // Relative to the nearest, which changes no order and overflows nowhere.
            votes[train.Labels[found.Indices[place]]] += temperature is { } tau
                ? Math.Exp((found.Cosines[place] - found.Cosines[first]) / tau)
                : 1;
        }

        return Array.ConvertAll(votes, vote => (float)vote);
    }

    /// <summary>Rows of length 1, fp64; a row of zeros stays one.</summary>
    private static Tensor Directions(LabelledFeatures features, int first, int rows)
    {
        var x = tensor(features.Values.AsSpan(first * features.Dim, rows * features.Dim).ToArray()).view(rows, features.Dim).to(ScalarType.Float64);
        return nn.functional.normalize(x, dim: 1);
    }

    /// <summary>The nearest of those seen so far, in their order.</summary>
    private sealed class Nearest(int k)
    {
        private int _count;

        public int[] Indices { get; } = new int[k];

        public float[] Cosines { get; } = new float[k];

        /// <summary>Takes images in ascending order.</summary>
        public void Take(ReadOnlySpan<float> cosines, int firstIndex)
        {
            for (var i = 0; i < cosines.Length; i++)
            {
                if (_count < k || cosines[i] > Cosines[k - 1])
                {
                    Insert(cosines[i], firstIndex + i);
                }
            }
        }

        private void Insert(float cosine, int index)
        {
            var place = _count < k ? _count++ : k - 1;
            for (; place > 0 && Cosines[place - 1] < cosine; place--)
            {
                (Cosines[place], Indices[place]) = (Cosines[place - 1], Indices[place - 1]);
            }

            (Cosines[place], Indices[place]) = (cosine, index);
        }
    }
}
