using Flip.Config;

namespace Flip.Data.Sources;

/// <summary>
/// The written form of a list of shards: a folder (all its <c>*.tar</c>), a file, a glob (<c>train-*.tar</c>, wildcards
/// <c>*</c> and <c>?</c> in any part of the path), braces (<c>train-{0000..0041}.tar</c>, <c>{a,b}</c>, also nested and
/// several), or several of these with commas between them.
/// </summary>
public static class ShardPattern
{
    private const string Extension = ".tar";
    private const int ProblemsShown = 10;

    /// <summary>The shards a pattern names, as full paths in the order written; folders and globs in ordinal order.
    /// A shard that is named twice is listed once.</summary>
    /// <exception cref="ConfigException">Every part that is malformed, names a missing file, matches nothing or names a file
    /// that is no tar.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var problems = new List<string>();
        var shards = new List<string>();
        foreach (var part in Braces.SplitAtCommas(pattern).Select(part => part.Trim()))
        {
            try
            {
                if (part.Length == 0)
                {
                    problems.Add($"The shard pattern '{pattern}' has an empty part.");
                }

                foreach (var path in Braces.Expand(part).Where(path => path.Length > 0))
                {
                    shards.AddRange(Find(path, part, problems));
                }
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

    private static List<string> Find(string path, string part, List<string> problems)
    {
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            if (!full.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            {
                problems.Add($"'{path}' is not a .tar shard (a compressed one must be unpacked to .tar first).");
            }

            return [full];
        }

        var isFolder = Directory.Exists(full);
        var isGlob = HasWildcard(path);
        var found = isFolder ? Glob(Path.Combine(full, "*")) : isGlob ? Glob(full) : [];
        if (found.Count == 0)
        {
            var origin = path == part ? "" : $" (named by '{part}')";
            problems.Add(
                isFolder ? $"The folder '{path}' has no {Extension} shard."
                : isGlob ? $"No {Extension} shard matches '{path}'."
                : $"The shard '{path}'{origin} does not exist.");
        }

        return found;
    }

    private static List<string> Glob(string full)
    {
        var root = Path.GetPathRoot(full)!;
        IEnumerable<string> folders = [root];
        var names = full[root.Length..].Split(
            [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names[..^1])
        {
            folders = folders
                .SelectMany(folder => HasWildcard(name) ? Directory.EnumerateDirectories(folder, name) : [Path.Combine(folder, name)])
                .Where(Directory.Exists);
        }

        return folders.SelectMany(folder => Directory.EnumerateFiles(folder, names[^1]))
            .Where(file => file.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .ToList();
    }

    private static bool HasWildcard(string text) => text.AsSpan().ContainsAny('*', '?');
}
