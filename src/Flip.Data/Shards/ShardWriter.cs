using System.Formats.Tar;
using System.Text;
using CommunityToolkit.HighPerformance;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>Writes a WebDataset shard. Equal samples give equal bytes: no time, owner or machine is in it. For one thread.</summary>
/// <param name="stream">Receives the tar; stays open.</param>
public sealed class ShardWriter(Stream stream) : IDisposable
{
    private const int LongestPlainName = 100; // bytes of a ustar header's name

    private const int EndLength = 2 * 512; // bytes of the mark

    private readonly TarWriter _tar = new(stream, TarEntryFormat.Ustar, leaveOpen: true);
    private bool _isDisposed;

    /// <summary>Samples written so far.</summary>
    public int Count { get; private set; }

    /// <summary>Writes a whole shard: under a temporary name, forced to the disk, renamed.</summary>
    /// <param name="path">The tar; one that is there is replaced.</param>
    /// <param name="write">Adds the samples.</param>
    /// <returns>Length and hash of the file.</returns>
    public static FileDigest Write(string path, Action<ShardWriter> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return AtomicFile.WriteHashed(path, stream =>
        {
            using var shard = new ShardWriter(stream);
            write(shard);
        });
    }

    /// <summary>Adds a sample.</summary>
    /// <param name="key">Its key: a name without a dot, unique in the shard.</param>
    /// <param name="members">Extension, without the dot, and content of each of its files, in the order in which they are written.</param>
    public void Add(string key, params IEnumerable<(string Extension, ReadOnlyMemory<byte> Content)> members)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(members);
        if (WebDatasetName.Of(key + ".jpg").FirstDot != key.Length)
        {
            throw new ArgumentException($"'{key}' is no key: it has a dot, or ends with a slash.", nameof(key));
        }

        foreach (var (extension, content) in members)
        {
            var name = $"{key}.{extension}";
            _tar.WriteEntry(Entry(name, content.AsStream()));
        }

        Count++;
    }

    /// <summary>Writes the mark that ends a tar; of one without samples too, which readers would take for no archive else.</summary>
    public void Dispose()
    {
        if (!_isDisposed && Count == 0)
        {
            stream.Write(new byte[EndLength]);
        }

        _isDisposed = true;
        _tar.Dispose();
    }

    /// <summary>The time of writing would make equal shards differ.</summary>
    private static TarEntry Entry(string name, Stream content) => Ascii.IsValid(name) && name.Length <= LongestPlainName
        ? new UstarTarEntry(TarEntryType.RegularFile, name) { ModificationTime = DateTimeOffset.UnixEpoch, DataStream = content }
        : new PaxTarEntry(TarEntryType.RegularFile, name) { ModificationTime = DateTimeOffset.UnixEpoch, DataStream = content };
}
