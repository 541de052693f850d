using Flip.Config;
using Flip.Data.Formats;

namespace Flip.Data.Sources;

/// <summary>
/// Finds the images of a folder and the folders in it by their extensions. Names that begin with a dot are passed over: such files are
/// systems' own, also those that look like images (<c>._photo.jpg</c>). Links to folders are followed, except to one that contains them. What is
/// passed over is counted, for a photo in a format that is not read, or a folder with a dot before its name, is missed otherwise.
/// </summary>
internal static class ImageFolder
{
    /// <summary>The formats that the decoder knows, and the one that is turned into one of them when it is read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", PortablePixmap.Extension];

    private const string Hidden = "names with a dot before them";
    private const string SystemFile = ".DS_Store";
    private const string Attributes = "._";
    private const int LongestExtension = 12;

    /// <summary>Whether a file's name is an image's.</summary>
    public static bool IsImage(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) && !Path.GetFileName(path).StartsWith('.');

    /// <summary>All images, in the order of their paths in the folder (<see cref="UnicodeName.Compare"/>), which are written with <c>/</c> and
    /// are the keys.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="say">Told how many other files were passed over, by extension, where there are any.</param>
    /// <exception cref="ConfigException">A folder cannot be read.</exception>
    public static IReadOnlyList<ImageFile> Find(string folder, Action<string>? say = null)
    {
        var root = Path.GetFullPath(folder);
        var files = new List<ImageFile>();
        var unused = new Dictionary<string, long>(StringComparer.Ordinal);
        try
        {
            Add(new DirectoryInfo(root), "", [RealPath(new DirectoryInfo(root))], files, unused);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The folder '{folder}' cannot be read: {e.Message}");
        }

        if (say is not null && Unused.Describe(unused, "files that are no images of a format that is read", $" in '{folder}'") is { } line)
        {
            say(line);
        }

        files.Sort((a, b) => UnicodeName.Compare(a.Key, b.Key));
        return files;
    }

    /// <param name="folder">What to search.</param>
    /// <param name="prefix">Its path from the root, with a slash behind it.</param>
    /// <param name="parents">Real paths of the folder and of those that it was reached through.</param>
    /// <param name="files">Receives the images.</param>
    /// <param name="unused">Counts all else.</param>
    private static void Add(DirectoryInfo folder, string prefix, List<string> parents, List<ImageFile> files, Dictionary<string, long> unused)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            if (entry.Name.StartsWith('.') || entry is not DirectoryInfo inner)
            {
                if (entry is not DirectoryInfo && IsImage(entry.Name))
                {
                    files.Add(new ImageFile(ShardReader.Printable(prefix + entry.Name), entry.FullName));
                }
                else if (entry.Name != SystemFile && !entry.Name.StartsWith(Attributes, StringComparison.Ordinal))
                {
                    var kind = KindOf(entry.Name);
                    unused[kind] = unused.GetValueOrDefault(kind) + 1;
                }

                continue;
            }

            var real = inner.LinkTarget is null ? Path.Combine(parents[^1], inner.Name) : RealPath(inner);
            if (!parents.Contains(real))
            {
                parents.Add(real);
                Add(inner, $"{prefix}{inner.Name}/", parents, files, unused);
                parents.RemoveAt(parents.Count - 1);
            }
        }
    }

    private static string KindOf(string name) => name.StartsWith('.') ? Hidden
        : Path.GetExtension(name) is { Length: <= LongestExtension } extension ? ShardReader.Printable(extension).ToLowerInvariant() : "others";

    private static string RealPath(DirectoryInfo folder) => folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName;
}
