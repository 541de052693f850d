using Flip.Data.Files;

namespace Flip.Data.Shards;

/// <summary>
/// Follows one shard pattern from folder to folder. What is there by the very name is taken, whatever signs are in it; only a name that is not
/// there is a pattern, of braces first and then of wildcards.
/// </summary>
internal sealed class ShardSearch
{
    private static readonly char[] Separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    /// <summary>Places that are looked at for all parts of a pattern: folders that link to each other make any number of paths for wildcards, and names in
    /// braces are looked for in several ways.</summary>
    private const int MostPlaces = 4 * Braces.MostNames;

    private const int ProblemsKept = 10;

    private readonly WrittenPaths _paths = new();
    private readonly string _pattern;
    private readonly Effort _effort;

    /// <summary>Follows a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="effort">What was looked at before for parts of the same text; null begins anew.</param>
    /// <exception cref="FormatException">Braces that are not there by name make no pattern, or it names more than is looked at.</exception>
    public ShardSearch(string pattern, Effort? effort = null)
    {
        (_pattern, _effort) = (pattern, effort ?? new Effort());
        if (pattern.Length > 0)
        {
            var full = Path.GetFullPath(pattern);
            var root = Path.GetPathRoot(full)!;
            Follow(root, full[root.Length..], isExpanded: false);
        }
    }

    /// <summary>Files and folders that the pattern names, in the order of its braces; what a wildcard matches in ordinal order.</summary>
    public List<string> Found { get; } = [];

    /// <summary>What the pattern names and is not there, for people; the first ones.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>How many there are.</summary>
    public int ProblemCount { get; private set; }

    private void Follow(string folder, string rest, bool isExpanded)
    {
        _effort.Add();
        var end = rest.IndexOfAny(Separators);
        var name = end < 0 ? rest : rest[..end];
        if (_paths.Below(folder, name) is { } place && (end < 0 || Directory.Exists(place)))
        {
            if (end < 0)
            {
                Found.Add(place);
            }
            else
            {
                Follow(place, rest[(end + 1)..], isExpanded);
            }

            return;
        }

        var part = rest[..EndOfPart(rest)];
        var choices = Braces.Expand(part);
        if (choices is not [var one] || one != part)
        {
            foreach (var choice in choices.Where(choice => choice.Length > 0))
            {
                Follow(folder, choice + rest[part.Length..], isExpanded: true);
            }
        }
        else if (HasWildcard(name))
        {
            AddMatches(folder, rest);
        }
        else
        {
            var origin = isExpanded ? $" (named by '{_pattern}')" : "";
            Note(() => $"The shard '{Path.Combine(folder, rest)}'{origin} does not exist.");
        }
    }

    private void Note(Func<string> problem)
    {
        if (ProblemCount++ < ProblemsKept)
        {
            Problems.Add(problem());
        }
    }

    /// <summary>Braces behind a wildcard are expanded before it is matched, so that their order is the first one.</summary>
    private void AddMatches(string folder, string rest)
    {
        foreach (var pattern in ExpandOrKeep(rest))
        {
            var matches = Matches(folder, pattern).Where(ShardPattern.IsShard).Order(StringComparer.Ordinal).ToList();
            Found.AddRange(matches);
            if (matches.Count == 0)
            {
                Note(() => $"No {SourceOptions.ShardExtension} shard matches '{Path.Combine(folder, pattern)}'.");
            }
        }
    }

    private IEnumerable<string> Matches(string folder, string rest)
    {
        _effort.Add();
        var end = rest.IndexOfAny(Separators);
        var name = end < 0 ? rest : rest[..end];
        IEnumerable<string> places = _paths.Below(folder, name) is { } place ? [place]
            : !HasWildcard(name) ? []
            : end < 0 ? Directory.EnumerateFiles(folder, name)
            : Directory.EnumerateDirectories(folder, name);
        return end < 0 ? places.Where(File.Exists) : places.Where(Directory.Exists).SelectMany(inner => Matches(inner, rest[(end + 1)..]));
    }

    private static IReadOnlyList<string> ExpandOrKeep(string rest)
    {
        try
        {
            return Braces.Expand(rest);
        }
        catch (FormatException)
        {
            return [rest]; // they may be the names of folders
        }
    }

    /// <summary>Where a name ends: a separator between braces is theirs.</summary>
    private static int EndOfPart(string rest)
    {
        var depth = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            depth += rest[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0 && Separators.Contains(rest[i]))
            {
                return i;
            }
        }

        return rest.Length;
    }

    private static bool HasWildcard(string text) => text.AsSpan().ContainsAny('*', '?');

    /// <summary>Counts what was looked at.</summary>
    /// <param name="most">Places above which nothing more is.</param>
    internal sealed class Effort(int most = MostPlaces)
    {
        private int _places;

        /// <summary>Whether no more is looked at.</summary>
        public bool IsSpent => _places > most;

        /// <exception cref="FormatException">It is too much.</exception>
        public void Add()
        {
            if (++_places > most)
            {
                throw new FormatException(FormattableString.Invariant($"more than {most:N0} places would have to be looked at for it."));
            }
        }
    }
}
