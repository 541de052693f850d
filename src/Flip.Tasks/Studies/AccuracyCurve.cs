namespace Flip.Tasks.Studies;

/// <summary>What a run of some length reached.</summary>
/// <param name="Samples">Its length: pairs seen. Runs of one setting and length differ in their seed alone.</param>
/// <param name="Time">What it cost: seconds, or operations; above 0.</param>
/// <param name="Score">What it scored at its end.</param>
/// <param name="Seed">Its seed.</param>
public readonly record struct AccuracyPoint(long Samples, double Time, double Score, long Seed);

/// <summary>
/// What a setting scores after runs of several lengths: at each length the means over its seeds, in the order of their times. A longer run that scores lower does not
/// take back what a shorter one reached, so the curve is the running maximum of these means. Between two lengths it is a line over the logarithm of time.
/// </summary>
internal sealed class AccuracyCurve
{
    private const double Rounding = 1e-12; // means of equal scores over other numbers of seeds

    private readonly List<(long Samples, double Time, double Score, double Best)> _lengths = [];

    /// <param name="points">Runs; with <paramref name="seeds"/> those of each seed as often as it is named.</param>
    /// <param name="seeds">Seeds that were drawn; null takes each run once.</param>
    public AccuracyCurve(IReadOnlyList<AccuracyPoint> points, IReadOnlyList<long>? seeds = null)
    {
        var drawn = seeds is null ? points : [.. seeds.SelectMany(seed => points.Where(point => point.Seed == seed))];
        var best = double.NegativeInfinity;
        foreach (var (samples, time, score) in drawn.GroupBy(point => point.Samples)
            .Select(length => (length.Key, Time: length.Average(point => point.Time), length.Average(point => point.Score)))
            .OrderBy(length => length.Time))
        {
            best = Math.Max(best, score);
            _lengths.Add((samples, time, score, best));
        }
    }

    /// <summary>Lengths in the order of their times, with mean time and score and the best mean score up to there.</summary>
    public IReadOnlyList<(long Samples, double Time, double Score, double Best)> Lengths => _lengths;

    /// <summary>Whether the curve has a score or a higher one.</summary>
    public bool Reaches(double score) => Reaches(_lengths[^1].Best, score);

    /// <summary>The time at which the curve reaches a score; null where it never does, and where it is above it from its shortest length on.</summary>
    public double? TimeOf(double score)
    {
        var reached = _lengths.FindIndex(length => Reaches(length.Best, score));
        if (reached <= 0)
        {
            return reached == 0 && Reaches(score, _lengths[0].Best) ? _lengths[0].Time : null;
        }

        var (before, after) = (_lengths[reached - 1], _lengths[reached]);
        var share = Math.Min(1, (score - before.Best) / (after.Best - before.Best));
        return before.Time * Math.Pow(after.Time / before.Time, share);
    }

    private static bool Reaches(double best, double score) => best >= score - (Rounding * Math.Max(1, Math.Abs(score)));
}
