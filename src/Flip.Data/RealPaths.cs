namespace Flip.Data;

/// <summary>Paths without links in them, as <c>realpath</c> finds them; .NET resolves the last link of a path alone. Folders are followed once.</summary>
internal sealed class RealPaths
{
    private const int MostLinks = 40; // as Linux follows
    private const int LongestPath = 1 << 15; // as Windows has it; nothing is there by a longer one
    private static readonly char[] Separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    private readonly Dictionary<string, string> _folders = new(StringComparer.Ordinal);

    /// <summary>A full path as it is written. A list may hold anything; no file has NUL in its name.</summary>
    public static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path.Replace('\0', '\uFFFD')));

    /// <summary>The path that a path leads to; what is not there stays as it is written.</summary>
    public string Of(string path)
    {
        var full = Full(path);
        if (full.Length > LongestPath || Path.GetDirectoryName(full) is not { } folder)
        {
            return full;
        }

        if (!_folders.TryGetValue(folder, out var real))
        {
            var root = Path.GetPathRoot(folder)!;
            _folders.Add(folder, real = Follow(root, folder[root.Length..]));
        }

        return Follow(real, Path.GetFileName(full));
    }

    /// <summary>Name by name: what <c>..</c> means depends on the links before it.</summary>
    private static string Follow(string place, string rest)
    {
        var (names, links) = (new Stack<string>(rest.Split(Separators).Reverse()), 0);
        while (names.TryPop(out var name))
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name == "..")
            {
                place = Path.GetDirectoryName(place) ?? place;
                continue;
            }

            place = Path.Combine(place, name);
            if (TryReadLink(place, out var target) is false)
            {
                return Path.GetFullPath(Path.Combine([place, .. names]));
            }

            if (target is not null)
            {
                if (++links > MostLinks)
                {
                    return place; // links in a circle, by which nothing can be opened
                }

                place = Path.IsPathRooted(target) ? Path.GetPathRoot(Path.GetFullPath(target))! : Path.GetDirectoryName(place)!;
                foreach (var part in target.Split(Separators).Reverse())
                {
                    names.Push(part);
                }
            }
        }

        return place;
    }

    /// <summary>Where a link leads; null for what is none. False where nothing is.</summary>
    private static bool TryReadLink(string path, out string? target)
    {
        target = null;
        try
        {
            var entry = new FileInfo(path);
            if ((int)entry.Attributes == -1)
            {
                return false;
            }

            target = entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? entry.LinkTarget : null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // a name that is too long, or a folder that may not be looked into
        }
    }
}
