using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>
/// The written form of a list of shards: a folder (all its <c>*.tar</c>), a file, a glob (<c>train-*.tar</c>, wildcards
/// <c>*</c> and <c>?</c> in any part of the path), braces (<c>train-{0000..0041}.tar</c>, <c>{a,b}</c>, also nested and
/// several), or several of these with commas between them. Folders and files may have all of these signs in their names: what is there by
/// the very name is that (<see cref="ShardSearch"/>), and a comma divides only where each part then names something.
/// </summary>
public static class ShardPattern
{
    private const int ProblemsShown = 10;

    /// <summary>Characters of a pattern: as many as Linux lets an argument have.</summary>
    private const int LongestPattern = 1 << 17;

    /// <summary>Commas that one path may have; more are a list with something missing.</summary>
    private const int MostCommas = 16;

    /// <summary>The shards a pattern names, as full paths in the order written; folders and globs in ordinal order.
    /// A shard that is named twice is listed once.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="allowOutside">Whether links in a folder that is named may lead out of it.</param>
    /// <param name="remote">Lists what stores in the network have; null where a pattern may name no such list.</param>
    /// <exception cref="ConfigException">Every part that is malformed, names a missing file, matches nothing or names a file
    /// that is no tar.</exception>
    public static IReadOnlyList<string> Expand(string pattern, bool allowOutside = false, RemoteFiles? remote = null)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Length > LongestPattern)
        {
            throw new ConfigException(FormattableString.Invariant($"The shard pattern has {pattern.Length:N0} characters, and at most {LongestPattern:N0} are read."));
        }

        var (problems, more, shards) = (new List<string>(), 0, new List<string>());
        foreach (var part in Parts(pattern))
        {
            if (part.Length == 0)
            {
                problems.Add($"The shard pattern '{pattern}' has an empty part.");
                continue;
            }

            try
            {
                if (StoreAddress.Is(part))
                {
                    shards.AddRange(RemotePattern.Expand(part, start => List(start, remote)));
                    continue;
                }

                var search = new ShardSearch(part);
                problems.AddRange(search.Problems);
                more += search.ProblemCount - search.Problems.Count;
                shards.AddRange(search.Found.SelectMany(place => Shards(place, allowOutside, problems)));
            }
            catch (FormatException e)
            {
                problems.Add($"The shard pattern '{part}' cannot be read: {e.Message}");
            }
            catch (Exception e) when (e is ConfigException or StoreException)
            {
                problems.Add(e.Message);
            }
        }

        if (problems.Count + more > ProblemsShown)
        {
            more += Math.Max(0, problems.Count - ProblemsShown);
            problems = [.. problems.Take(ProblemsShown), $"... and {more} more like these."];
        }

        return problems.Count == 0 ? shards.Distinct(StringComparer.Ordinal).ToList() : throw new ConfigException(problems);
    }

    /// <summary>Whether a pattern names anything that is there.</summary>
    public static bool NamesSomething(string pattern) => NamesSomething(pattern, null);

    private static bool NamesSomething(string pattern, ShardSearch.Effort? effort)
    {
        try
        {
            return pattern.Length is > 0 and <= LongestPattern && effort is not { IsSpent: true } && new ShardSearch(pattern, effort).Found.Count > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether a file's name is that of a shard.</summary>
    internal static bool IsShard(string path) => path.EndsWith(SourceOptions.ShardExtension, StringComparison.OrdinalIgnoreCase) || TfRecordShard.Is(path);

    private static List<string> Shards(string place, bool allowOutside, List<string> problems)
    {
        if (File.Exists(place))
        {
            if (!IsShard(place))
            {
                problems.Add($"'{place}' is not a {SourceOptions.ShardExtension} shard (a compressed one must be unpacked to {SourceOptions.ShardExtension} first).");
            }

            return [place];
        }

        var inside = Directory.EnumerateFiles(place).Where(IsShard).Order(StringComparer.Ordinal).ToList();
        if (inside.Count == 0)
        {
            problems.Add($"The folder '{place}' has no {SourceOptions.ShardExtension} shard.");
        }

        if (!allowOutside)
        {
            var bounds = new FolderBounds(place);
            problems.AddRange(inside.Select(shard => bounds.Problem(shard)).OfType<string>());
        }

        return inside;
    }

    /// <summary>The parts of a list. A comma may stand in a name: the list is divided so that each part names something, where that can be, and
    /// else at every comma.</summary>
    private static IEnumerable<string> Parts(string pattern)
    {
        var texts = Braces.SplitAtCommas(pattern);
        if (texts.Any(text => StoreAddress.Is(text.Trim())))
        {
            return texts.Select(text => text.Trim());
        }

        if (texts.Count == 1 || NamesSomething(pattern))
        {
            return [texts.Count == 1 ? Trimmed(pattern) : pattern];
        }

        var effort = new ShardSearch.Effort();
        var next = new int[texts.Count]; // where the part that begins here ends; 0 where nothing does
        for (var first = texts.Count - 1; first >= 0; first--)
        {
            for (var end = first + 1; end <= Math.Min(texts.Count, first + 1 + MostCommas) && next[first] == 0; end++)
            {
                next[first] = (end == texts.Count || next[end] > 0) && NamesSomething(Part(texts, first, end), effort) ? end : 0;
            }
        }

        return next[0] == 0 ? texts.Select(text => text.Trim()) : Divided(texts, next);
    }

    private static IReadOnlyList<string> List(string start, RemoteFiles? remote) => remote is null
        ? throw new ConfigException($"'{StoreAddress.Show(start)}' is in the network, and only files are read here.")
        : [.. RemoteFiles.Wait(remote.Reader.ListAsync(start, CancellationToken.None)).Select(file => file.Address)];

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
