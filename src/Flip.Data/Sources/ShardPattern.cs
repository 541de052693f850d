using Flip.Config;

namespace Flip.Data.Sources;

/// <summary>
/// The written form of a list of shards: a folder (all its <c>*.tar</c>), a file, a glob (<c>train-*.tar</c>, wildcards
/// <c>*</c> and <c>?</c> in any part of the path), braces (<c>train-{0000..0041}.tar</c>, <c>{a,b}</c>, also nested and
/// several), or several of these with commas between them. Folders and files may have all of these signs in their names: what is there by
/// the very name is that (<see cref="ShardSearch"/>), and a comma divides only where each part then names something.
/// </summary>
public static class ShardPattern
{
    /// <summary>How the names of shards end.</summary>
    internal const string Extension = ".tar";

    private const int ProblemsShown = 10;

    /// <summary>Commas that one path may have; more are a list with something missing.</summary>
    private const int MostCommas = 16;

    /// <summary>The shards a pattern names, as full paths in the order written; folders and globs in ordinal order.
    /// A shard that is named twice is listed once.</summary>
    /// <exception cref="ConfigException">Every part that is malformed, names a missing file, matches nothing or names a file
    /// that is no tar.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var problems = new List<string>();
        var shards = new List<string>();
        foreach (var part in Parts(pattern))
        {
            if (part.Length == 0)
            {
                problems.Add($"The shard pattern '{pattern}' has an empty part.");
                continue;
            }

            try
            {
                var search = new ShardSearch(part);
                problems.AddRange(search.Problems);
                shards.AddRange(search.Found.SelectMany(place => Shards(place, problems)));
            }
            catch (FormatException e)
            {
                problems.Add($"The shard pattern '{part}' cannot be read: {e.Message}");
            }
        }

        if (problems.Count > ProblemsShown)
        {
            var more = problems.Count - ProblemsShown;
            problems.RemoveRange(ProblemsShown, more);
            problems.Add($"... and {more} more like these.");
        }

        return problems.Count == 0 ? shards.Distinct(StringComparer.Ordinal).ToList() : throw new ConfigException(problems);
    }

    /// <summary>Whether a pattern names anything that is there.</summary>
    public static bool NamesSomething(string pattern)
    {
        try
        {
            return pattern.Length > 0 && new ShardSearch(pattern).Found.Count > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether a file's name is that of a shard.</summary>
    internal static bool IsShard(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    private static List<string> Shards(string place, List<string> problems)
    {
        if (File.Exists(place))
        {
            if (!IsShard(place))
            {
                problems.Add($"'{place}' is not a {Extension} shard (a compressed one must be unpacked to {Extension} first).");
            }

            return [place];
        }

        var inside = Directory.EnumerateFiles(place).Where(IsShard).Order(StringComparer.Ordinal).ToList();
        if (inside.Count == 0)
        {
            problems.Add($"The folder '{place}' has no {Extension} shard.");
        }

        return inside;
    }

    /// <summary>The parts of a list. A comma may stand in a name: the list is divided so that each part names something, where that can be, and
    /// else at every comma.</summary>
    private static IEnumerable<string> Parts(string pattern)
    {
        var texts = Braces.SplitAtCommas(pattern);
        if (texts.Count == 1 || NamesSomething(pattern))
        {
            return [texts.Count == 1 ? Trimmed(pattern) : pattern];
        }

        var next = new int[texts.Count]; // where the part that begins here ends; 0 where nothing does
        for (var first = texts.Count - 1; first >= 0; first--)
        {
            for (var end = first + 1; end <= Math.Min(texts.Count, first + 1 + MostCommas) && next[first] == 0; end++)
            {
                next[first] = (end == texts.Count || next[end] > 0) && NamesSomething(Part(texts, first, end)) ? end : 0;
            }
        }

        return next[0] == 0 ? texts.Select(text => text.Trim()) : Divided(texts, next);
    }

    private static IEnumerable<string> Divided(IReadOnlyList<string> texts, int[] next)
    {
        for (var first = 0; first < texts.Count; first = next[first])
        {
            yield return Part(texts, first, next[first]);
        }
    }

    private static string Part(IReadOnlyList<string> texts, int first, int end) => Trimmed(string.Join(',', texts.Skip(first).Take(end - first)));

    private static string Trimmed(string text) => Path.Exists(text) ? text : text.Trim();
}
