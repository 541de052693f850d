namespace Flip.Tasks.Studies;

/// <summary>Whether one setting scores otherwise than another.</summary>
public enum Verdict
{
    /// <summary>Higher, by more than the noise.</summary>
    Higher,

    /// <summary>Lower, by more than the noise.</summary>
    Lower,

    /// <summary>The difference is within its noise.</summary>
    None,

    /// <summary>With one seed each nobody knows the noise.</summary>
    Unknown,
}

/// <summary>
/// How much more one setting scores than another over a few seeds. A difference within two standard errors is none. The standard error is
/// <list type="bullet">
/// <item>of seeds that both have, three or more: the deviation of their differences over √n; what a seed does to both is no noise then;</item>
/// <item>else √(s²/n + s²/m), where s is the pooled deviation of both, taken as equal. One setting may have a single seed: s is the other's then.</item>
/// </list>
/// Two common seeds are not paired: the deviation of two differences is small by chance too often.
/// </summary>
/// <param name="Mean">The mean of the setting less that of the other.</param>
/// <param name="StandardError">Its standard error; null with one seed each.</param>
/// <param name="IsPaired">Whether it is of the differences seed by seed.</param>
public sealed record Difference(double Mean, double? StandardError, bool IsPaired)
{
    private const double StandardErrors = 2;
    private const int LeastPairs = 3;

    /// <summary>What the difference comes to.</summary>
    public Verdict Verdict => StandardError is not { } error ? Verdict.Unknown
        : Math.Abs(Mean) <= StandardErrors * error ? Verdict.None
        : Mean > 0 ? Verdict.Higher
        : Verdict.Lower;

    /// <summary>The difference of two spreads, not paired.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="other">What it is compared with.</param>
    public static Difference Of(Spread setting, Spread other)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(other);
        var freedom = setting.Count + other.Count - 2;
        return new Difference(
            setting.Mean - other.Mean,
            freedom == 0 ? null : Math.Sqrt((Squares(setting) + Squares(other)) / freedom * ((1.0 / setting.Count) + (1.0 / other.Count))),
            IsPaired: false);
    }

    /// <summary>The difference of scores by seed: paired where both have the same seeds, three or more.</summary>
    /// <param name="setting">The setting's scores by seed, one or more.</param>
    /// <param name="other">The scores of what it is compared with.</param>
    public static Difference Of(IReadOnlyDictionary<long, double> setting, IReadOnlyDictionary<long, double> other)
    {
        ArgumentNullException.ThrowIfNull(setting);
        ArgumentNullException.ThrowIfNull(other);
        if (setting.Count < LeastPairs || setting.Count != other.Count || !setting.Keys.All(other.ContainsKey))
        {
            return Of(Spread.Of([.. setting.Values]), Spread.Of([.. other.Values]));
        }

        var differences = Spread.Of([.. setting.Select(score => score.Value - other[score.Key])]);
        return new Difference(differences.Mean, differences.Deviation!.Value / Math.Sqrt(differences.Count), IsPaired: true);
    }

    /// <summary>Sum of squares around the mean.</summary>
    private static double Squares(Spread spread) => spread.Deviation is { } deviation ? deviation * deviation * (spread.Count - 1) : 0;
}
