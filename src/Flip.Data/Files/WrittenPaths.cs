using System.Text;

namespace Flip.Data.Files;

/// <summary>
/// Finds files by the paths that people and lists write: as written, else with a backslash between folders, else by names that look the same
/// (<see cref="UnicodeName"/>). A folder is listed once.
/// </summary>
public sealed class WrittenPaths
{
    private static readonly char[] Separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    private readonly Dictionary<string, Dictionary<string, string>> _namesIn = [];

    /// <summary>What is there by a path that was given, else the path itself.</summary>
    public static string Existing(string path) =>
        path.Length == 0 || Path.Exists(path) ? path : new WrittenPaths().Find(Full(path)) ?? path;

    /// <summary>The full path of what a text names; where nothing is there, of what it would.</summary>
    /// <param name="path">The text.</param>
    /// <param name="folder">What it is relative to, a full path.</param>
    public string Resolve(string path, string folder) => Resolve(Path.Combine(folder, path));

    /// <summary>The same of a full path.</summary>
    public string Resolve(string path)
    {
        var full = Full(path);
        return Path.Exists(full) ? full : Find(full) ?? full;
    }

    /// <summary>What is in a folder by a name; null where nothing is.</summary>
    public string? Below(string folder, string name)
    {
        var place = Path.Combine(folder, name);
        if (Path.Exists(place))
        {
            return place;
        }

        if (!Ascii.IsValid(name) && NamesIn(folder).TryGetValue(UnicodeName.Composed(name), out var same))
        {
            return Path.Combine(folder, same);
        }

        // On Windows it separates folders already.
        var cut = name.IndexOf('\\', StringComparison.Ordinal);
        return cut > 0 && cut < name.Length - 1 && Below(folder, name[..cut]) is { } inner ? Below(inner, name[(cut + 1)..]) : null;
    }

    /// <summary>A list may hold anything; no file has NUL in its name.</summary>
    private static string Full(string path) => Path.GetFullPath(path.Replace('\0', '\uFFFD'));

    private string? Find(string full)
    {
        if (Ascii.IsValid(full) && !full.Contains('\\', StringComparison.Ordinal))
        {
            return null;
        }

        var root = Path.GetPathRoot(full)!;
        var place = root;
        foreach (var name in full[root.Length..].Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Below(place, name) is not { } next)
            {
                return null;
            }

            place = next;
        }

        return Path.GetFullPath(place);
    }

    /// <summary>The names in a folder that may be written in two ways, by their composed forms.</summary>
    private Dictionary<string, string> NamesIn(string folder)
    {
        if (!_namesIn.TryGetValue(folder, out var names))
        {
            _namesIn.Add(folder, names = []);
            try
            {
                foreach (var name in Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Where(name => !Ascii.IsValid(name)))
                {
                    names.TryAdd(UnicodeName.Composed(name), name);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nothing can be found in it.
            }
        }

        return names;
    }
}
