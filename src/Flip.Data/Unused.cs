using System.Globalization;

namespace Flip.Data;

/// <summary>What was passed over, in a line for people.</summary>
internal static class Unused
{
    private const int ExtensionsShown = 8;

    /// <summary>How many files, and the most frequent extensions; null where there are none.</summary>
    /// <param name="counts">Files by extension.</param>
    /// <param name="what">What they are, such as "members that no sample uses".</param>
    /// <param name="where">Where they are, with a blank before it; empty where that is known.</param>
    public static string? Describe(IReadOnlyDictionary<string, long> counts, string what, string where = "")
    {
        if (counts.Count == 0)
        {
            return null;
        }

        var shown = counts.OrderByDescending(extension => extension.Value).ThenBy(extension => extension.Key, StringComparer.Ordinal).Take(ExtensionsShown)
            .Select(extension => string.Create(CultureInfo.InvariantCulture, $"{(extension.Key.Length > 0 ? extension.Key : "without extension")} {extension.Value:N0}"));
        var more = counts.Count > ExtensionsShown ? $", and {counts.Count - ExtensionsShown} other extensions" : "";
        return string.Create(CultureInfo.InvariantCulture, $"Passed over{where}: {counts.Values.Sum():N0} {what} ({string.Join(", ", shown)}{more}).");
    }
}
