using Flip.Randomness;

namespace Flip.Evaluation.Metrics;

/// <summary>
/// Confidence intervals by drawing the images again, with replacement (Efron's percentile method). Replicate r draws by a function of (seed, r), so neither
/// the number of threads nor their order shows, and two results over the same images are compared on the same draws.
/// </summary>
public static class Bootstrap
{
    /// <summary>Replicates where nothing else is asked for.</summary>
    public const int DefaultSamples = 1000;

    private const int LeastSamples = 100;
    private const int MostSamples = 1_000_000;
    private const double Tail = 0.025;

    private delegate double Replicate(ReadOnlySpan<int> counts);

    /// <summary>Refuses a number of replicates that a user cannot mean.</summary>
    /// <exception cref="ConfigException">It is outside 100 to 1 000 000.</exception>
    public static void CheckSamples(int samples)
    {
        if (samples is < LeastSamples or > MostSamples)
        {
            throw new ConfigException($"--samples {samples}: must be between {LeastSamples} and {MostSamples}.");
        }
    }

    /// <summary>The 95 % interval of a metric.</summary>
    /// <param name="statistic">The metric.</param>
    /// <param name="samples">Replicates.</param>
    /// <param name="seed">Which draws.</param>
    /// <param name="cancellation">Stops between two replicates.</param>
    /// <returns>The interval; null where the metric is not defined in half of the replicates or more.</returns>
    public static ConfidenceInterval? Interval(
        Statistic statistic, int samples = DefaultSamples, ulong seed = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        return Of(statistic.Of, statistic.Images, samples, seed, cancellation);
    }

    /// <summary>The 95 % interval of <paramref name="b"/> less <paramref name="a"/>, whose images are the same in the same order.</summary>
    /// <returns>The interval; null where the difference is not defined in half of the replicates or more.</returns>
    /// <exception cref="ArgumentException">There are not as many images.</exception>
    /// <inheritdoc cref="Interval" path="/param"/>
    /// <param name="a">A metric.</param>
    /// <param name="b">Another.</param>
    public static ConfidenceInterval? Difference(
        Statistic a, Statistic b, int samples = DefaultSamples, ulong seed = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Images == b.Images
            ? Of(counts => b.Of(counts) - a.Of(counts), a.Images, samples, seed, cancellation)
            : throw new ArgumentException($"{a.Images} and {b.Images} images cannot be paired.", nameof(b));
    }

    /// <summary>The 95 % interval that replicates have, where the draws are the caller's.</summary>
    /// <param name="replicates">A value of each; NaN where it is not defined.</param>
    /// <returns>The interval; null where the value is not defined in half of the replicates or more.</returns>
    public static ConfidenceInterval? Percentiles(IReadOnlyCollection<double> replicates)
    {
        ArgumentNullException.ThrowIfNull(replicates);
        var defined = replicates.Where(value => !double.IsNaN(value)).Order().ToArray();
        return 2 * defined.Length > replicates.Count ? new(Quantile(defined, Tail), Quantile(defined, 1 - Tail)) : null;
    }

    /// <summary>The value below which a share of sorted numbers lies, interpolated linearly between two.</summary>
    internal static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return below == sorted.Length - 1 ? sorted[below] : sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]));
    }

    private static ConfidenceInterval? Of(Replicate replicate, int images, int samples, ulong seed, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images);
        var values = new double[samples];
        Parallel.For(
            0,
            samples,
            new ParallelOptions { CancellationToken = cancellation },
            () => new int[images],
            (sample, _, counts) =>
            {
                Draw(counts, seed, sample);
                values[sample] = replicate(counts);
                return counts;
            },
            _ => { });
        return Percentiles(values);
    }

    private static void Draw(int[] counts, ulong seed, int sample)
    {
        Array.Clear(counts);
        var random = new CounterRandom(seed, RandomPurpose.Bootstrap, item: sample);
        for (var draw = 0; draw < counts.Length; draw++)
        {
            counts[random.NextInt(counts.Length)]++;
        }
    }
}
