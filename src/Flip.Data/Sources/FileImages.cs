using System.Globalization;
using Flip.Config;
using Flip.Data.Formats;

namespace Flip.Data.Sources;

/// <summary>Images that are files of their own.</summary>
public sealed class FileImages : IImageSource
{
    private const int ProblemsShown = 10;

    private readonly IReadOnlyList<ImageFile> _files;
    private readonly long[] _lengths; // -1 for a missing one

    private FileImages(IReadOnlyList<ImageFile> files, bool allowMissing)
    {
        var paths = new WrittenPaths();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        _files = files = [.. files.Select(file => file with { Path = paths.Resolve(file.Path), Key = Free(file.Key, keys) })];
        _lengths = [.. files.Select(file => Length(file.Path))];
        var missing = Enumerable.Range(0, files.Count).Where(i => _lengths[i] < 0).ToList();
        if (missing.Count > 0 && !allowMissing)
        {
            throw new ConfigException(
            [
                .. missing.Take(ProblemsShown).Select(i => Missing(files[i])),
                .. missing.Count > ProblemsShown ? [$"... and {missing.Count - ProblemsShown} more like these."] : Array.Empty<string>(),
            ]);
        }
    }

    /// <inheritdoc/>
    public int Count => _files.Count;

    /// <summary>Whether it is one image that was named itself.</summary>
    public bool IsOneFile { get; private init; }

    /// <summary>The images in a folder and the folders in it, in ordinal order of their paths, which are the keys.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="say">Told what else is in it.</param>
    /// <exception cref="ConfigException">There is none.</exception>
    public static FileImages OfFolder(string folder, Action<string>? say = null) => ImageFolder.Find(folder, say) is { Count: > 0 } files
        ? new FileImages(files, allowMissing: false)
        : throw new ConfigException($"The folder '{folder}' has no image ({string.Join(", ", ImageFolder.Extensions)}).");

    /// <summary>The images that a text file names, one path a line, relative to the list's folder. The lines are the keys; blank ones do
    /// not count.</summary>
    /// <param name="list">The text file.</param>
    /// <param name="allowMissing">Whether a file that is not there is told only when it is read.</param>
    /// <exception cref="ConfigException">The list is missing or empty, or names an image twice or, unless allowed, one that is not
    /// there; the message has the line.</exception>
    public static FileImages OfList(string list, bool allowMissing = false)
    {
        using var reader = TextLines.OpenFile(list);
        return OfList(reader, list, Path.GetDirectoryName(Path.GetFullPath(list))!, allowMissing);
    }

    /// <summary>The same from an open list.</summary>
    /// <param name="lines">One path a line.</param>
    /// <param name="name">What to call the list in messages.</param>
    /// <param name="folder">What the paths are relative to.</param>
    /// <param name="allowMissing">Whether a file that is not there is told only when it is read.</param>
    /// <exception cref="ConfigException">As above.</exception>
    public static FileImages OfList(TextReader lines, string name, string folder, bool allowMissing = false) =>
        new(ImageList.Read(lines, name, folder), allowMissing);

    /// <summary>One image; its key is the path as given.</summary>
    /// <exception cref="ConfigException">It is not there.</exception>
    public static FileImages OfFile(string path) =>
        new([new ImageFile(ShardReader.Printable(path), Path.GetFullPath(path))], allowMissing: false) { IsOneFile = true };

    /// <summary>The files that a layout names.</summary>
    /// <exception cref="ConfigException">One is not there, and that is not allowed.</exception>
    internal static FileImages OfFiles(IReadOnlyList<ImageFile> files, bool allowMissing) => new(files, allowMissing);

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default)
    {
        using var fingerprint = new Fingerprint();
        foreach (var (file, hash) in _files.Zip((hashes ?? new()).Of([.. _files.Select(file => file.Path)], cancellation)))
        {
            fingerprint.Add(UnicodeName.Composed(file.Key)).Add(hash);
        }

        return fingerprint.Take();
    }

    /// <inheritdoc/>
    public IEnumerable<string> Keys(int first = 0) => _files.Skip(first).Select(file => file.Key);

    /// <inheritdoc/>
    public string Describe(int image) => $"'{_files[image].Key}'{_files[image].Place}";

    /// <inheritdoc/>
    public IImageReader Open() => new Reader(_files);

    /// <summary>Keys stand for images in results; those of names that differ in control characters alone would be one.</summary>
    private static string Free(string key, HashSet<string> taken)
    {
        var free = key;
        for (var number = 2; !taken.Add(free); number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{key} ({number})");
        }

        return free;
    }

    private static string Missing(ImageFile file) => $"The image '{file.Key}'{file.Place} does not exist as a file.";

    /// <summary>Bytes of a file; -1 where there is none. A pipe or device has 0, so it is never opened and nothing waits for it.</summary>
    private static long Length(string path)
    {
        FileSystemInfo file = new FileInfo(path);
        file = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true)!; // a link has a length of its own
        return file is FileInfo { Exists: true } found ? found.Length : -1;
    }

    private sealed class Reader(IReadOnlyList<ImageFile> files) : IImageReader
    {
        public PooledBytes Read(int image)
        {
            var path = files[image].Path;
            try
            {
                var length = Length(path);
                if (length < 0)
                {
                    throw new BadSampleException("missing image", "the file does not exist");
                }

                MemberReader.CheckImage(length);
                using var handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
                var bytes = Read(handle, (int)length);
                return PortablePixmap.IsFile(path) ? PortablePixmap.ToBitmap(bytes) : bytes;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new BadSampleException("unreadable image", e.Message, e);
            }
        }

        public void Dispose()
        {
            // Each file is closed when it has been read.
        }

        private static PooledBytes Read(Microsoft.Win32.SafeHandles.SafeFileHandle handle, int length)
        {
            var bytes = new PooledBytes(length);
            for (var done = 0; done < length;)
            {
                var count = RandomAccess.Read(handle, bytes.Span[done..], done);
                if (count == 0)
                {
                    bytes.Dispose();
                    throw new EndOfStreamException("The file became shorter while it was read.");
                }

                done += count;
            }

            return bytes;
        }
    }
}
