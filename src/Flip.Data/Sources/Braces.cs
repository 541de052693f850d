using System.Globalization;

namespace Flip.Data.Sources;

/// <summary>Brace expansion as shells and WebDataset have it: <c>{0000..0041}</c>, <c>{a,b}</c>, nested, several.</summary>
internal static class Braces
{
    /// <summary>More names than any data set has shards; a typing error must not fill the memory.</summary>
    private const int MaxNames = 1_000_000;

    /// <summary>All names, in the order a shell gives them. Zero padding is kept, a range may run downwards.</summary>
    /// <exception cref="FormatException">Braces without partner, an empty or unknown form between them, too many names.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        var stray = pattern.IndexOf('}', StringComparison.Ordinal);
        if (open < 0 || (stray >= 0 && stray < open))
        {
            return stray < 0 ? [pattern] : throw new FormatException("a '}' has no '{' before it.");
        }

        var close = FindClose(pattern, open);
        var prefix = pattern[..open];
        var middles = ExpandInside(pattern[(open + 1)..close]);
        var tails = Expand(pattern[(close + 1)..]);
        CheckCount((long)middles.Count * tails.Count);
        return middles.SelectMany(_ => tails, (middle, tail) => prefix + middle + tail).ToList();
    }

    /// <summary>The parts between the commas that stand outside braces.</summary>
    public static IReadOnlyList<string> SplitAtCommas(string text)
    {
        var parts = new List<string>();
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    private static List<string> ExpandInside(string inside)
    {
        var choices = SplitAtCommas(inside);
        if (choices.Count > 1)
        {
            var names = choices.SelectMany(Expand).ToList();
            CheckCount(names.Count);
            return names;
        }

        var ends = inside.Split("..");
        return ends is [var first, var last]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            ? ExpandRange(from, to, first[0] == '0' || last[0] == '0' ? Math.Max(first.Length, last.Length) : 1)
            : throw new FormatException($"'{{{inside}}}' is neither a range such as {{0000..0041}} nor a list such as {{a,b}}.");
    }

    private static List<string> ExpandRange(long from, long to, int width)
    {
        CheckCount(Math.Abs(to - from) + 1);
        var step = Math.Sign(to - from);
        return Enumerable.Range(0, (int)Math.Abs(to - from) + 1)
            .Select(i => (from + (i * step)).ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'))
            .ToList();
    }

    private static int FindClose(string pattern, int open)
    {
        var depth = 0;
        for (var i = open; i < pattern.Length; i++)
        {
            depth += pattern[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        throw new FormatException("a '{' has no '}' behind it.");
    }

    private static void CheckCount(long count)
    {
        if (count > MaxNames)
        {
            throw new FormatException($"it names more than {MaxNames} shards.");
        }
    }
}
