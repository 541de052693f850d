using System.IO.Compression;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// The records of a PyTorch archive: a zip file with one folder. PyTorch stores records uncompressed; a packed one is read if it is
/// at most <see cref="MaxRatio"/> times as long as its packed form, beyond a first MiB; what it unpacks to beyond its stated length is never
/// unpacked. Not safe for several threads.
/// </summary>
internal sealed class TorchZip : IDisposable
{
    private const int MaxRatio = 100;
    private const long AnyRatioLength = 1 << 20;

    private readonly string _path;
    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];
    private readonly string _root;
    private Stream? _stream;
    private ZipArchiveEntry? _streamEntry;
    private long _streamPosition;

    /// <exception cref="CheckpointFormatException">No zip file, a damaged one, or one that is no PyTorch archive.</exception>
    public TorchZip(string path)
    {
        _path = path;
        var file = TensorFile.OpenRead(path);
        try
        {
            _archive = new ZipArchive(file, ZipArchiveMode.Read);
            Index(file.Length);
            _root = Root();
        }
        catch (InvalidDataException e)
        {
            file.Dispose();
            throw new CheckpointFormatException(path, null, $"it is no zip archive, or a damaged one ({e.Message.TrimEnd('.')})", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool Contains(string record) => _entries.ContainsKey(_root + record);

    /// <summary>Bytes of a record once unpacked.</summary>
    /// <exception cref="CheckpointFormatException">There is none, or it says that it is impossibly long.</exception>
    public long Length(string record)
    {
        var entry = _entries.GetValueOrDefault(_root + record) ?? throw Wrong($"the record '{_root}{record}' is missing");
        return entry.Length <= AnyRatioLength + (MaxRatio * entry.CompressedLength)
            ? entry.Length
            : throw Wrong(
                $"the record '{_root}{record}' unpacks {entry.CompressedLength} bytes to {entry.Length}, more than {MaxRatio} times as many");
    }

    /// <summary>A whole record that must be small.</summary>
    public byte[] ReadAll(string record, int maxLength)
    {
        var length = Length(record);
        if (length > maxLength)
        {
            throw Wrong($"the record '{_root}{record}' has {length} bytes, at most {maxLength} are read");
        }

        var bytes = new byte[length];
        Read(record, 0, read => read(bytes));
        return bytes;
    }

    /// <summary>Lets the caller read from a record. Reads of one record in ascending order go through it once.</summary>
    /// <param name="record">Its name.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="use">Gets what fills spans, one after another.</param>
    public void Read(string record, long offset, Action<ReadSpan> use)
    {
        var entry = _entries[_root + record];
        try
        {
            Seek(entry, offset);
            use(destination =>
            {
                _stream!.ReadExactly(destination);
                _streamPosition += destination.Length;
            });
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new CheckpointFormatException(_path, null, $"the record '{_root}{record}' is damaged ({e.Message.TrimEnd('.')})", e);
        }
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _archive.Dispose();
    }

    private void Index(long fileLength)
    {
        var packed = Int128.Zero;
        foreach (var entry in _archive.Entries)
        {
            packed += entry.CompressedLength;
            if (entry.Length < 0 || entry.CompressedLength < 0 || packed > fileLength)
            {
                throw Wrong($"the zip entry '{entry.FullName}' lies outside the file or on another one");
            }

            if (!_entries.TryAdd(entry.FullName, entry))
            {
                throw Wrong($"the zip entry '{entry.FullName}' is there twice");
            }
        }
    }

    private string Root()
    {
        const string Pickle = "data.pkl";
        var found = _entries.Keys.Where(name => name == Pickle || (name.EndsWith("/" + Pickle, StringComparison.Ordinal)
            && name.IndexOf('/', StringComparison.Ordinal) == name.Length - Pickle.Length - 1)).ToList();
        return found is [var only]
            ? only[..^Pickle.Length]
            : throw Wrong(found.Count == 0 ? "a zip file without 'data.pkl' is no PyTorch archive" : "it holds several 'data.pkl'");
    }

    private void Seek(ZipArchiveEntry entry, long offset)
    {
        if (_streamEntry != entry || _streamPosition > offset)
        {
            _stream?.Dispose();
            _streamEntry = null;
            _stream = entry.Open();
            _streamEntry = entry;
            _streamPosition = 0;
        }

        // The library's streams cannot jump; only views into storages of several tensors begin inside a record.
        Span<byte> skipped = stackalloc byte[1 << 14];
        while (_streamPosition < offset)
        {
            var part = skipped[..(int)Math.Min(skipped.Length, offset - _streamPosition)];
            _stream!.ReadExactly(part);
            _streamPosition += part.Length;
        }
    }

    private CheckpointFormatException Wrong(string problem) => new(_path, null, problem);
}
