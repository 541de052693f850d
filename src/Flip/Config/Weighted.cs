using System.Globalization;

namespace Flip.Config;

/// <summary>Something with a weight, written <c>WEIGHT=NAME</c> or <c>NAME=WEIGHT</c>.</summary>
/// <param name="Weight">Its weight.</param>
/// <param name="Name">What it is.</param>
/// <param name="IsPasses">Whether the weight is a number of passes, written <c>x2=NAME</c>: how often each sample comes in an epoch.</param>
public sealed record Weighted(double Weight, string Name, bool IsPasses = false)
{
    private const double Most = 1e9;

    /// <summary>A source of a mixture: <c>3=shards/*.tar</c> for a weight, <c>x2=shards/*.tar</c> for passes.</summary>
    /// <exception cref="FormatException">It has another form; the message shows the right one.</exception>
    public static Weighted Source(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        var isPasses = text.StartsWith('x');
        return sign > 0 && sign < text.Length - 1 && TryParse(text[(isPasses ? 1 : 0)..sign], out var weight)
            ? new Weighted(weight, text[(sign + 1)..], isPasses)
            : throw new FormatException($"'{text}' is no source of a mixture: write WEIGHT=SHARDS such as 3=cc3m/*.tar, or xPASSES=SHARDS such as x2=cc3m/*.tar");
    }

    /// <summary>A place of captions: <c>txt=0.3</c>.</summary>
    /// <exception cref="FormatException">It has another form; the message shows the right one.</exception>
    public static Weighted Field(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sign = text.LastIndexOf('=');
        return sign > 0 && TryParse(text[(sign + 1)..], out var weight)
            ? new Weighted(weight, text[..sign])
            : throw new FormatException($"'{text}' is no place of captions: write FIELD=WEIGHT such as txt=0.3 or synthetic=0.7");
    }

    private static bool TryParse(string text, out double weight) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out weight) && weight is > 0 and <= Most;
}
