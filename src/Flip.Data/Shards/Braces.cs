using System.Globalization;

namespace Flip.Data.Shards;

/// <summary>
/// Brace expansion as shells and WebDataset have it: <c>{0000..0041}</c>, <c>{a,b}</c>, nested, several. Names are counted before any is made: a pattern may come
/// from a stranger's description, and a kilobyte of it can mean more names than memory holds.
/// </summary>
internal static class Braces
{
    /// <summary>Names of a pattern; LAION-5B, the largest set of shards there is, has 230,000 in one.</summary>
    public const int MostNames = 1_000_000;

    /// <summary>Characters of all names together, 256 MB.</summary>
    private const long MostCharacters = 1 << 27;

    /// <summary>Pairs of braces in a pattern, one in the other or one behind the other; patterns of people have one to three.</summary>
    private const int MostBraces = 100;

    /// <summary>All names, in the order a shell gives them. Zero padding is kept, a range may run downwards.</summary>
    /// <exception cref="FormatException">Braces without partner, an empty or unknown form between them, too many braces or names.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        if (pattern.AsSpan().Count('{') > MostBraces)
        {
            throw new FormatException(FormattableString.Invariant($"it has {pattern.AsSpan().Count('{')} braces, more than the {MostBraces} that are read."));
        }

        var size = Measure(pattern);
        return size.Names > MostNames ? throw new FormatException(FormattableString.Invariant($"it names {Shown(size.Names)} shards, more than the {MostNames:N0} that are read."))
            : size.Characters > MostCharacters ? throw new FormatException(
                FormattableString.Invariant($"its names have {Shown(size.Characters)} characters, more than the {MostCharacters:N0} that are read."))
            : Names(pattern);
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

    private static List<string> Names(string pattern)
    {
        if (Divide(pattern) is not var (prefix, inside, rest))
        {
            return [pattern];
        }

        var choices = SplitAtCommas(inside);
        var middles = choices.Count > 1 ? choices.SelectMany(Names).ToList() : RangeOf(inside).Names();
        var tails = Names(rest);
        return [.. middles.SelectMany(_ => tails, (middle, tail) => prefix + middle + tail)];
    }

    /// <summary>How many names there would be, and their characters; both stop at the largest number.</summary>
    private static Size Measure(string pattern)
    {
        if (Divide(pattern) is not var (prefix, inside, rest))
        {
            return new Size(1, pattern.Length);
        }

        var choices = SplitAtCommas(inside);
        var middles = choices.Count > 1
            ? choices.Select(Measure).Aggregate((a, b) => new Size(Size.Sum(a.Names, b.Names), Size.Sum(a.Characters, b.Characters)))
            : RangeOf(inside).Size;
        return new Size(1, prefix.Length).Times(middles).Times(Measure(rest));
    }

    /// <summary>What stands before, in and behind the first braces; null where there are none.</summary>
    private static (string Prefix, string Inside, string Tail)? Divide(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        var stray = pattern.IndexOf('}', StringComparison.Ordinal);
        if (open < 0 || (stray >= 0 && stray < open))
        {
            return stray < 0 ? null : throw new FormatException("a '}' has no '{' before it.");
        }

        var close = FindClose(pattern, open);
        return (pattern[..open], pattern[(open + 1)..close], pattern[(close + 1)..]);
    }

    private static Range RangeOf(string inside)
    {
        var ends = inside.Split("..");
        return ends is [var first, var last]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            ? new Range(from, to, first[0] == '0' || last[0] == '0' ? Math.Max(first.Length, last.Length) : 1)
            : throw new FormatException($"'{{{inside}}}' is neither a range such as {{0000..0041}} nor a list such as {{a,b}}.");
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

    private static string Shown(long count) => count == long.MaxValue ? "10^18 and more" : count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Names, and the characters of all of them.</summary>
    private readonly record struct Size(long Names, long Characters)
    {
        public Size Times(Size other) =>
            new(Product(Names, other.Names), Sum(Product(Characters, other.Names), Product(other.Characters, Names)));

        public static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

        private static long Product(long a, long b) => a != 0 && b > long.MaxValue / a ? long.MaxValue : a * b;
    }

    private readonly record struct Range(long From, long To, int Width)
    {
        /// <summary>Neither end is below zero, so their distance is a number.</summary>
        public Size Size => new Size(1, Math.Max(Width, Digits(Math.Max(From, To)))).Times(new Size(Size.Sum(Math.Abs(To - From), 1), 0));

        private static int Digits(long number) => number.ToString(CultureInfo.InvariantCulture).Length;

        public List<string> Names()
        {
            var (from, step, width) = (From, Math.Sign(To - From), Width);
            return [.. Enumerable.Range(0, (int)Math.Abs(To - From) + 1)
                .Select(i => (from + ((long)i * step)).ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'))];
        }
    }
}
