using System.Diagnostics;
using System.Globalization;
using Flip.Devices;
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
    /// <param name="device">Where images are compared; null for the processor.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    public static IReadOnlyList<ProbeResult> Run(
        LabelledFeatures train,
        LabelledFeatures test,
        int k,
        bool keepScores = false,
        Device? device = null,
        Action<double>? report = null,
        CancellationToken cancellation = default)
    {
        train.Check();
        test.Check();
        var start = Stopwatch.GetTimestamp();
        var found = Find(train, test, k, device: device, report: report, cancellation: cancellation);
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
    /// <param name="device">Where images are compared; null for the processor.</param>
    /// <param name="report">Receives the share of the work that is done.</param>
    /// <param name="cancellation">Stops between two blocks.</param>
    public static Neighbors Find(
        LabelledFeatures train,
        LabelledFeatures test,
        int k,
        int trainRowsAtOnce = TrainRowsAtOnce,
        int testRowsAtOnce = TestRowsAtOnce,
        Device? device = null,
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
        foreach (var (block, cosines) in OneAhead.Read(Compare(train, test, trainRowsAtOnce, testRowsAtOnce, device ?? CPU, cancellation), cancellation))
        {
            var (firstKey, keys, first, rows) = block;
            Parallel.For(0, rows, row => nearest[first + row].Take(cosines.AsSpan(row * keys, keys), firstKey));
            report?.Invoke((firstKey + ((double)keys * (first + rows) / test.Count)) / train.Count);
        }

        return new(k, [.. nearest.SelectMany(found => found.Indices)], [.. nearest.SelectMany(found => found.Cosines)]);
    }

    /// <summary>Sends blocks of pairs to be compared; their cosines are <c>[Rows, Keys]</c>.</summary>
    private static IEnumerable<((int FirstKey, int Keys, int First, int Rows) Block, PendingResult? Cosines)> Compare(
        LabelledFeatures train, LabelledFeatures test, int trainRowsAtOnce, int testRowsAtOnce, Device device, CancellationToken cancellation)
    {
        using var queries = DeviceTraffic.Send<float>(test.Values, device, test.Count, test.Dim);
        for (var firstKey = 0; firstKey < train.Count; firstKey += trainRowsAtOnce)
        {
            var keys = Math.Min(trainRowsAtOnce, train.Count - firstKey);
            using var block = DeviceTraffic.Send<float>(train.Values.AsSpan(firstKey * train.Dim, keys * train.Dim), device, keys, train.Dim);
            using var directions = Directions(block);
            for (var first = 0; first < test.Count; first += testRowsAtOnce)
            {
                cancellation.ThrowIfCancellationRequested();
                var rows = Math.Min(testRowsAtOnce, test.Count - first);
                yield return ((firstKey, keys, first, rows), Cosines(queries, first, rows, directions));
            }
        }
    }

    private static PendingResult Cosines(Tensor queries, int first, int rows, Tensor keys)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();

        // Summed in fp64 and rounded once, so that neither the blocks nor the threads show, and equal features tie.
        return DeviceTraffic.StartRead(Directions(queries.narrow(0, first, rows)).mm(keys.t()));
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
    private static Tensor Directions(Tensor features)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return nn.functional.normalize(features.to(ScalarType.Float64), dim: 1).MoveToOuterDisposeScope();
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
