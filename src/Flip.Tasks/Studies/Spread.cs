using System.Globalization;

namespace Flip.Tasks.Studies;

/// <summary>The scores of one setting over a few seeds.</summary>
/// <param name="Count">Seeds.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">The sample standard deviation, over n - 1; null of one seed.</param>
public sealed record Spread(int Count, double Mean, double? Deviation)
{
    /// <summary>The spread of scores.</summary>
    /// <param name="scores">A score of each seed, one or more.</param>
    public static Spread Of(IReadOnlyList<double> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentOutOfRangeException.ThrowIfZero(scores.Count, nameof(scores));
        var mean = scores.Average();
        return new Spread(
            scores.Count, mean, scores.Count > 1 ? Math.Sqrt(scores.Sum(score => (score - mean) * (score - mean)) / (scores.Count - 1)) : null);
    }

    /// <summary>Mean and deviation, such as <c>12.3 ± 0.4</c>; of one seed the score.</summary>
    /// <param name="factor">What both are multiplied by: 100 writes a share as a percentage.</param>
    /// <param name="digits">Digits behind the point.</param>
    public string ToText(double factor = 1, int digits = 1) =>
        Deviation is { } deviation ? $"{Number(Mean * factor, digits)} ± {Number(deviation * factor, digits)}" : Number(Mean * factor, digits);

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private static string Number(double value, int digits) => value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
