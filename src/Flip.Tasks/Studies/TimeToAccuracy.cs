using System.Globalization;
using Flip.Evaluation.Metrics;
using Flip.Randomness;

namespace Flip.Tasks.Studies;

/// <summary>How a curve stands to a score of the baseline.</summary>
public enum Crossing
{
    /// <summary>It reaches the score between two of its lengths.</summary>
    Reached,

    /// <summary>Its best length scores less.</summary>
    NeverReaches,

    /// <summary>Its shortest length scores more already.</summary>
    AboveAlready,

    /// <summary>The baseline has a shorter run that scores as much, so this one is no measure.</summary>
    BaselineGainsNothing,
}

/// <summary>The speed-up at what a baseline of one length scores.</summary>
/// <param name="Samples">The baseline's length, pairs seen.</param>
/// <param name="Time">Its time, the mean of its seeds.</param>
/// <param name="Score">Its score, the mean of its seeds.</param>
/// <param name="Crossing">Whether the other curve reaches it; only then there is a speed-up.</param>
/// <param name="OtherTime">The other curve's time for the same score; null if it is not crossed.</param>
/// <param name="SpeedUp"><paramref name="Time"/> over <paramref name="OtherTime"/>.</param>
/// <param name="AtLeast">Where the other curve is above the score already: the least that the speed-up is, by its shortest length.</param>
/// <param name="Interval">The 95 % interval of the speed-up by a bootstrap over the seeds of both that all lengths have; null where one has less than two.</param>
/// <param name="Reason">Why there is no speed-up, as words for a table; null where there is one.</param>
public sealed record AccuracySpeedUp(
    long Samples,
    double Time,
    double Score,
    Crossing Crossing,
    double? OtherTime,
    double? SpeedUp,
    double? AtLeast,
    ConfidenceInterval? Interval,
    string? Reason)
{
    /// <summary>Whether there is a speed-up.</summary>
    public bool Crossed => Crossing == Crossing.Reached;
}

/// <summary>
/// Time to equal accuracy: how much sooner a setting scores what a baseline scores. Each length of the baseline is a measure: its time over the time at which the other
/// curve has the same score. Both curves are running maxima of the means over seeds; the other is interpolated between its lengths over the logarithm of time, and never
/// extrapolated.
/// </summary>
/// <param name="Lengths">The lengths of the baseline, in the order of their times.</param>
public sealed record TimeToAccuracy(IReadOnlyList<AccuracySpeedUp> Lengths)
{
    private const int Draws = 1000;

    /// <summary>The longest length of the baseline whose score the other curve has, crossed or, with a bound alone, from its shortest length on; null where it has none.</summary>
    public AccuracySpeedUp? Headline => Lengths.LastOrDefault(length => length.Crossing is Crossing.Reached or Crossing.AboveAlready);

    /// <summary>Compares two curves.</summary>
    /// <param name="baseline">Runs of the baseline at one or more lengths, of one or more seeds.</param>
    /// <param name="other">Runs of the other setting.</param>
    /// <param name="seed">Which draws the interval is of.</param>
    /// <exception cref="ArgumentException">A curve has no runs, a time is not above 0, or a score is not finite.</exception>
    public static TimeToAccuracy Of(IReadOnlyList<AccuracyPoint> baseline, IReadOnlyList<AccuracyPoint> other, ulong seed = 0)
    {
        Check(baseline);
        Check(other);
        var (from, to) = (new AccuracyCurve(baseline), new AccuracyCurve(other));
        var replicates = Replicates(baseline, other, seed);
        return new TimeToAccuracy([.. from.Lengths.Select((length, index) =>
        {
            var speedUp = index > 0 && length.Score <= from.Lengths[index - 1].Best ? GainsNothing(length, from.Lengths[index - 1].Best) : At(length, to);
            return speedUp.Crossed && replicates is not null
                ? speedUp with { Interval = Bootstrap.Percentiles([.. replicates.Select(draw => SpeedUp(draw.Baseline, draw.Other, length.Samples))]) }
                : speedUp;
        })]);
    }

    private static void Check(IReadOnlyList<AccuracyPoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Count == 0)
        {
            throw new ArgumentException("A curve without runs.", nameof(points));
        }

        foreach (var point in points)
        {
            if (!(point.Time > 0) || !double.IsFinite(point.Time) || !double.IsFinite(point.Score))
            {
                throw new ArgumentException($"{point}: the time must be above 0, and the score finite.", nameof(points));
            }
        }
    }

    private static AccuracySpeedUp At((long Samples, double Time, double Score, double Best) length, AccuracyCurve other)
    {
        var (first, last) = (other.Lengths[0], other.Lengths[^1]);
        var speedUp = new AccuracySpeedUp(length.Samples, length.Time, length.Score, Crossing.Reached, null, null, null, null, null);
        return other.TimeOf(length.Score) is { } time ? speedUp with { OtherTime = time, SpeedUp = length.Time / time }
            : !other.Reaches(length.Score)
                ? speedUp with { Crossing = Crossing.NeverReaches, Reason = $"never reaches {Number(length.Score)}: its best score is {Number(last.Best)}" }
            : speedUp with
            {
                Crossing = Crossing.AboveAlready,
                AtLeast = length.Time / first.Time,
                Reason = $"is above {Number(length.Score)} already at its shortest length, {Number(first.Best)}: at least {Number(length.Time / first.Time)} times sooner",
            };
    }

    private static AccuracySpeedUp GainsNothing((long Samples, double Time, double Score, double Best) length, double before) => new(
        length.Samples,
        length.Time,
        length.Score,
        Crossing.BaselineGainsNothing,
        null,
        null,
        null,
        null,
        $"a shorter run of the baseline scores {Number(before)} already");

    /// <summary>
    /// The speed-up of drawn curves at a length of the baseline. A curve that never reaches the score counts as 0, and one that is above it already as its bound: so the
    /// interval's lower end is 0 where the draws do not bear out that the score is reached, and its upper end is never too high.
    /// </summary>
    private static double SpeedUp(AccuracyCurve baseline, AccuracyCurve other, long samples)
    {
        foreach (var length in baseline.Lengths.Where(length => length.Samples == samples))
        {
            var own = baseline.TimeOf(length.Best)!.Value; // a shorter run may score as much in a draw
            return other.TimeOf(length.Best) is { } time ? own / time
                : !other.Reaches(length.Best) ? 0
                : own / other.Lengths[0].Time;
        }

        return double.NaN;
    }

    /// <summary>Curves of seeds that are drawn with replacement, for each curve by itself; null where a curve has less than two that are at all of its lengths.</summary>
    private static List<(AccuracyCurve Baseline, AccuracyCurve Other)>? Replicates(
        IReadOnlyList<AccuracyPoint> baseline, IReadOnlyList<AccuracyPoint> other, ulong seed)
    {
        var (baselineSeeds, otherSeeds) = (Seeds(baseline), Seeds(other));
        return baselineSeeds.Length < 2 || otherSeeds.Length < 2 ? null
            : [.. Enumerable.Range(0, Draws).Select(draw => (Drawn(baseline, baselineSeeds, 0, draw), Drawn(other, otherSeeds, 1, draw)))];

        AccuracyCurve Drawn(IReadOnlyList<AccuracyPoint> points, long[] seeds, int curve, int draw)
        {
            var random = new CounterRandom(seed, RandomPurpose.Bootstrap, curve, draw);
            var drawn = new long[seeds.Length];
            foreach (ref var one in drawn.AsSpan())
            {
                one = seeds[random.NextInt(seeds.Length)];
            }

            return new AccuracyCurve(points, drawn);
        }
    }

    /// <summary>Seeds that a curve has at all of its lengths: without one of them a draw would be another curve.</summary>
    private static long[] Seeds(IReadOnlyList<AccuracyPoint> points)
    {
        var lengths = points.Select(point => point.Samples).Distinct().Count();
        return [.. points.GroupBy(point => point.Seed).Where(ofSeed => ofSeed.Select(point => point.Samples).Distinct().Count() == lengths).Select(ofSeed => ofSeed.Key).Order()];
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
