using System.Globalization;
using CommunityToolkit.HighPerformance.Buffers;
using Flip.Data.Images;
using Flip.Io;

namespace Flip.Data.Files;

/// <summary>Images that are files of their own.</summary>
public sealed class FileImages : IImageSource
{
    private const int ProblemsShown = 10;

    private readonly IReadOnlyList<ImageFile> _files;
    private readonly long[] _lengths; // -1 for a missing one

    private FileImages(IReadOnlyList<ImageFile> files, SourceOptions options)
    {
        var paths = new WrittenPaths();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        _files = files = [.. files.Select(file => file with { Path = paths.Resolve(file.Path), Key = Free(file.Key, keys) })];
        if (options.Bounds is { } bounds)
        {
            Refuse([.. files.Where(file => file.Place.Length > 0).Select(file => bounds.Problem(file.Path, file.Place)).OfType<string>()]);
        }

        _lengths = [.. files.Select(file => PlainFile.Length(file.Path))];
        Refuse(options.AllowMissing ? [] : [.. files.Where((_, i) => _lengths[i] < 0).Select(Missing)]);
    }

    /// <inheritdoc/>
    public int Count => _files.Count;

    /// <summary>Whether it is one image that was named itself.</summary>
    public bool IsOneFile { get; private init; }

    /// <summary>The images in a folder and the folders in it, in ordinal order of their paths, which are the keys.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">What is allowed, and who hears what else is in it; null for nothing and nobody.</param>
    /// <exception cref="ConfigException">There is none, or a link leads outside.</exception>
    public static FileImages OfFolder(string folder, SourceOptions? options = null) => ImageFolder.Find(folder, options ?? new()) is { Count: > 0 } files
        ? new FileImages(files, new())
        : throw new ConfigException($"The folder '{folder}' has no image ({string.Join(", ", ImageFolder.Extensions)}).");

    /// <summary>The images that a text file names, one path a line, relative to the list's folder. The lines are the keys; blank ones do
    /// not count.</summary>
    /// <param name="list">The text file.</param>
    /// <param name="options">Whether a file that is not there is reported only when it is read, and whether one may lie outside the list's folder.</param>
    /// <exception cref="ConfigException">The list is missing or empty, or names an image twice or, unless allowed, one that is not
    /// there or lies outside; the message has the line.</exception>
    public static FileImages OfList(string list, SourceOptions? options = null)
    {
        using var reader = TextLines.OpenFile(list);
        var folder = Path.GetDirectoryName(Path.GetFullPath(list))!;
        return OfList(reader, list, folder, (options ?? new()).Within(folder));
    }

    /// <summary>The same from an open list, such as the standard input, which is the user's own: paths in it lead anywhere.</summary>
    /// <param name="lines">One path a line.</param>
    /// <param name="name">What to call the list in messages.</param>
    /// <param name="folder">What the paths are relative to.</param>
    /// <param name="options">Whether a file that is not there is reported only when it is read.</param>
    /// <exception cref="ConfigException">As above.</exception>
    public static FileImages OfList(TextReader lines, string name, string folder, SourceOptions? options = null) =>
        new(ImageList.Read(lines, name, folder), options ?? new());

    /// <summary>One image; its key is the path as given.</summary>
    /// <exception cref="ConfigException">It is not there.</exception>
    public static FileImages OfFile(string path) =>
        new([new ImageFile(UnicodeName.Printable(path), Path.GetFullPath(path))], new()) { IsOneFile = true };

    /// <summary>The files that a layout names.</summary>
    /// <exception cref="ConfigException">One is not there, or lies outside, and that is not allowed.</exception>
    internal static FileImages OfFiles(IReadOnlyList<ImageFile> files, SourceOptions options) => new(files, options);

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
    public string PathOf(int image) => _files[image].Path;

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

    private static void Refuse(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(
            [
                .. problems.Take(ProblemsShown),
                .. problems.Count > ProblemsShown ? [$"... and {problems.Count - ProblemsShown} more like these."] : Array.Empty<string>(),
            ]);
        }
    }

    private sealed class Reader(IReadOnlyList<ImageFile> files) : IImageReader
    {
        public MemoryOwner<byte> Read(int image)
        {
            var path = files[image].Path;
            try
            {
                var length = PlainFile.Length(path);
                if (length < 0)
                {
                    throw new BadSampleException("missing image", "the file does not exist");
                }

                ImageFileSize.Check(length);
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

        private static MemoryOwner<byte> Read(Microsoft.Win32.SafeHandles.SafeFileHandle handle, int length)
        {
            var bytes = MemoryOwner<byte>.Allocate(length);
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
