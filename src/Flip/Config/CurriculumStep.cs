using System.Globalization;

namespace Flip.Config;

/// <summary>From when on a mixture has which weights, written <c>40%: 1, 3</c>.</summary>
/// <param name="From">From when on.</param>
/// <param name="Weights">The weight of each source, in their order; 0 leaves one out.</param>
public sealed record CurriculumStep(Duration From, IReadOnlyList<double> Weights)
{
    /// <summary>Parses the written form.</summary>
    /// <exception cref="FormatException">It has another form; the message shows the right one.</exception>
    public static CurriculumStep Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':', 2);
        var weights = parts.Length < 2 ? [] : parts[1].Split(',').Select(Number).ToList();
        return weights.Count > 0 && weights.All(weight => weight is >= 0 and <= 1e9) && weights.Sum() > 0
            ? new CurriculumStep(Duration.Parse(parts[0]), weights)
            : throw new FormatException($"'{text}' is no step of a curriculum: write FROM: WEIGHTS such as \"40%: 1, 3\", a weight for each source and one above 0");
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) ? weight : double.NaN;
}
