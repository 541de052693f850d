using System.Globalization;
using Flip.Data.Images;

namespace Flip.Data.Files;

/// <summary>
/// Finds the images of a folder and the folders in it by their extensions. Names that begin with a dot are passed over: such files are
/// systems' own, also those that look like images (<c>._photo.jpg</c>). Links to folders are followed, but no folder is read twice. What is
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
    /// <param name="options">Whether links may lead outside, and who hears how many other files were passed over, by extension.</param>
    /// <param name="beside">Extensions of files that belong to the image of their name; null for none. Those that have no image are passed over too.</param>
    /// <exception cref="ConfigException">A folder cannot be read, or a link leads outside and that is not allowed.</exception>
    public static IReadOnlyList<ImageFile> Find(string folder, SourceOptions options, IReadOnlyList<string>? beside = null)
    {
        options = options.Within(folder);
        var search = new Search(options, beside ?? []);
        try
        {
            search.Run(Path.GetFullPath(options.Inside(folder)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The folder '{folder}' cannot be read: {e.Message}");
        }

        foreach (var line in search.PassedOver(folder))
        {
            options.Say?.Invoke(line);
        }

        search.Files.Sort((a, b) => UnicodeName.Compare(a.Key, b.Key));
        return search.Files;
    }

    private static string KindOf(string name) => name.StartsWith('.') ? Hidden
        : Path.GetExtension(name) is { Length: <= LongestExtension } extension ? UnicodeName.Printable(extension).ToLowerInvariant() : "others";

    /// <summary>Enters each real folder once, by its own path where it has one in the folder that is searched, else by the first link to it: links can make any
    /// number of paths to few folders.</summary>
    private sealed class Search(SourceOptions options, IReadOnlyList<string> beside)
    {
        private readonly RealPaths _paths = new();
        private readonly HashSet<string> _entered = new(StringComparer.Ordinal);
        private readonly PriorityQueue<DirectoryInfo, string> _links = new(StringComparer.Ordinal);
        private readonly Dictionary<string, long> _unused = new(StringComparer.Ordinal);
        private string? _again;
        private long _agains;

        public List<ImageFile> Files { get; } = [];

        public void Run(string root)
        {
            Enter(new DirectoryInfo(root), "");
            while (_links.TryDequeue(out var link, out var prefix))
            {
                options.Inside(link.FullName);
                Enter(link, prefix);
            }
        }

        public IEnumerable<string> PassedOver(string folder)
        {
            if (Unused.Describe(_unused, "files that are no images of a format that is read", $" in '{folder}'") is { } line)
            {
                yield return line;
            }

            if (_again is not null)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"Passed over in '{folder}': {_agains:N0} links to folders that are read by another path, such as '{_again}'.");
            }
        }

        /// <summary>A folder and those in it, links to folders left for later.</summary>
        private void Enter(DirectoryInfo folder, string prefix)
        {
            var folders = new Stack<(DirectoryInfo Folder, string Prefix, string Real)>([(folder, prefix, _paths.Of(folder.FullName))]);
            while (folders.TryPop(out var next))
            {
                if (!_entered.Add(next.Real))
                {
                    _again ??= next.Prefix.Length > 0 ? next.Prefix[..^1] : folder.Name;
                    _agains++;
                    continue;
                }

                var (first, texts) = (Files.Count, new List<string>());
                foreach (var entry in next.Folder.EnumerateFileSystemInfos())
                {
                    if (!entry.Name.StartsWith('.') && entry is not DirectoryInfo && beside.Contains(entry.Extension))
                    {
                        texts.Add(entry.Name);
                    }
                    else if (entry.Name.StartsWith('.') || entry is not DirectoryInfo inner)
                    {
                        Add(entry, next.Prefix);
                    }
                    else if (inner.LinkTarget is null)
                    {
                        folders.Push((inner, $"{next.Prefix}{inner.Name}/", Path.Combine(next.Real, inner.Name)));
                    }
                    else
                    {
                        _links.Enqueue(inner, $"{next.Prefix}{inner.Name}/");
                    }
                }

                if (texts.Count > 0)
                {
                    var images = Files.Skip(first).Select(file => Path.GetFileNameWithoutExtension(file.Path)).ToHashSet(StringComparer.Ordinal);
                    texts.FindAll(text => !images.Contains(Path.GetFileNameWithoutExtension(text))).ForEach(PassOver);
                }
            }
        }

        private void Add(FileSystemInfo entry, string prefix)
        {
            if (entry is not DirectoryInfo && IsImage(entry.Name))
            {
                Files.Add(new ImageFile(UnicodeName.Printable(prefix + entry.Name), entry.LinkTarget is null ? entry.FullName : options.Inside(entry.FullName)));
            }
            else if (entry.Name != SystemFile && !entry.Name.StartsWith(Attributes, StringComparison.Ordinal))
            {
                PassOver(entry.Name);
            }
        }

        private void PassOver(string name)
        {
            var kind = KindOf(name);
            _unused[kind] = _unused.GetValueOrDefault(kind) + 1;
        }
    }
}
