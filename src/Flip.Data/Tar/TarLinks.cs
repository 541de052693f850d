namespace Flip.Data.Tar;

/// <summary>
/// Finds the files that the links of a tar lead to, as Python's tarfile does: a symbolic link leads from its folder to the last member of a name, a
/// hard link to the last one before it. Only archives with links are read a second time, and only names that links lead to are kept.
/// </summary>
internal sealed class TarLinks
{
    private const int LongestChain = 40; // links to links, as Linux follows them

    private readonly List<(int Place, TarEntry Link)> _links = [];

    /// <summary>Notes a link.</summary>
    /// <param name="place">Its number among the members.</param>
    /// <param name="link">The link.</param>
    public void Add(int place, TarEntry link) => _links.Add((place, link));

    /// <summary>All links with their files; null for one that leads to no file of the archive.</summary>
    /// <param name="members">The members of the archive, once again.</param>
    public IEnumerable<(int Place, TarEntry Link, TarEntry? File)> Resolve(IEnumerable<TarEntry> members)
    {
        if (_links.Count == 0)
        {
            return [];
        }

        var wanted = _links.Select(link => TargetOf(link.Link)).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, _ => new List<(int Place, TarEntry Entry)>(), StringComparer.Ordinal);
        foreach (var (place, member) in members.Index())
        {
            if (wanted.TryGetValue(Normal(member.Name), out var found))
            {
                found.Add((place, member));
            }
        }

        return _links.Select(link => (link.Place, link.Link, Follow(link.Place, link.Link, wanted)));
    }

    private static TarEntry? Follow(int place, TarEntry entry, Dictionary<string, List<(int Place, TarEntry Entry)>> named)
    {
        for (var step = 0; step < LongestChain && !entry.IsFile; step++)
        {
            if (!(entry.IsHardLink || entry.IsSymbolicLink) || !named.TryGetValue(TargetOf(entry), out var found) || found.Count == 0)
            {
                return null;
            }

            // A hard link to a later member is no tar program's, but there is no doubt what it means.
            var before = entry.IsHardLink ? found.FindLastIndex(member => member.Place < place) : found.Count - 1;
            (place, entry) = found[Math.Max(before, 0)];
        }

        return entry.IsFile ? entry : null;
    }

    private static string TargetOf(TarEntry link) => Normal(
        link.IsSymbolicLink ? $"{link.Name[..(link.Name.LastIndexOf('/') + 1)]}{link.LinkTarget}" : link.LinkTarget);

    /// <summary>A path without <c>.</c>, and without <c>..</c> where it stays in the archive.</summary>
    private static string Normal(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts is [.., not ("" or "..")])
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or ".") || (part.Length == 0 && parts.Count == 0 && path.StartsWith('/')))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}
