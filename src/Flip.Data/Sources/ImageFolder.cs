using Flip.Config;
using Flip.Data.Formats;

namespace Flip.Data.Sources;

/// <summary>
/// Finds the images of a folder and the folders in it by their extensions. Names that begin with a dot are passed over: such files are
/// systems' own, also those that look like images (<c>._photo.jpg</c>). Links to folders are followed, except to one that contains them.
/// </summary>
internal static class ImageFolder
{
    /// <summary>The formats that the decoder knows, and the one that is turned into one of them when it is read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", PortablePixmap.Extension];

    /// <summary>Whether a file's name is an image's.</summary>
    public static bool IsImage(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) && !Path.GetFileName(path).StartsWith('.');

    /// <summary>All images, in the order of their paths in the folder (<see cref="UnicodeName.Compare"/>), which are written with <c>/</c> and
    /// are the keys.</summary>
    /// <exception cref="ConfigException">A folder cannot be read.</exception>
    public static IReadOnlyList<ImageFile> Find(string folder)
    {
        var root = Path.GetFullPath(folder);
        var files = new List<ImageFile>();
        try
        {
            Add(new DirectoryInfo(root), "", [RealPath(new DirectoryInfo(root))], files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The folder '{folder}' cannot be read: {e.Message}");
        }

        files.Sort((a, b) => UnicodeName.Compare(a.Key, b.Key));
        return files;
    }

    /// <param name="folder">What to search.</param>
    /// <param name="prefix">Its path from the root, with a slash behind it.</param>
    /// <param name="parents">Real paths of the folder and of those that it was reached through.</param>
    /// <param name="files">Receives the images.</param>
    private static void Add(DirectoryInfo folder, string prefix, List<string> parents, List<ImageFile> files)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos().Where(entry => !entry.Name.StartsWith('.')))
        {
            if (entry is not DirectoryInfo inner)
            {
                if (IsImage(entry.Name))
                {
                    files.Add(new ImageFile(ShardReader.Printable(prefix + entry.Name), entry.FullName));
                }

                continue;
            }

            var real = inner.LinkTarget is null ? Path.Combine(parents[^1], inner.Name) : RealPath(inner);
            if (!parents.Contains(real))
            {
                parents.Add(real);
                Add(inner, $"{prefix}{inner.Name}/", parents, files);
                parents.RemoveAt(parents.Count - 1);
            }
        }
    }

    private static string RealPath(DirectoryInfo folder) => folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName;
}
