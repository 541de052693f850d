using System.Runtime.InteropServices;
using Flip.Io;
using Microsoft.Win32.SafeHandles;

namespace Flip.Search.Vectors;

/// <summary>
/// Vectors that were computed and are in no published file yet: records of a key (64 bits) and D floats, appended. They are forced to the disk before their
/// keys are committed elsewhere; so after a kill what was committed is here, a last record may be torn, and a key that is here twice counts as written last.
/// </summary>
internal sealed class PendingVectors : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly int _dim;
    private readonly Dictionary<long, long> _places = []; // record of each key
    private long _records;

    /// <summary>Opens the file, or begins it; a torn record at its end goes.</summary>
    /// <param name="path">The file, which nobody else writes.</param>
    /// <param name="dim">Numbers of a vector.</param>
    public PendingVectors(string path, int dim)
    {
        _dim = dim;
        var isNew = !File.Exists(path);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _records = RandomAccess.GetLength(_file) / RecordBytes;
        RandomAccess.SetLength(_file, _records * RecordBytes);
        Span<long> key = stackalloc long[1];
        for (var record = 0L; record < _records; record++)
        {
            ReadExactly(MemoryMarshal.AsBytes(key), record * RecordBytes);
            _places[key[0]] = record;
        }

        if (isNew)
        {
            FolderSync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
    }

    private long RecordBytes => sizeof(long) + ((long)sizeof(float) * _dim);

    /// <summary>Whether a key has a vector here.</summary>
    public bool Has(long key) => _places.ContainsKey(key);

    /// <summary>Appends vectors and forces them to the disk.</summary>
    /// <param name="keys">Their keys.</param>
    /// <param name="vectors"><c>[keys, D]</c>.</param>
    public void Append(IReadOnlyList<long> keys, ReadOnlySpan<float> vectors)
    {
        var bytes = new byte[RecordBytes * keys.Count];
        for (var i = 0; i < keys.Count; i++)
        {
            var record = bytes.AsSpan((int)(i * RecordBytes), (int)RecordBytes);
            MemoryMarshal.Write(record, keys[i]);
            MemoryMarshal.AsBytes(vectors.Slice(i * _dim, _dim)).CopyTo(record[sizeof(long)..]);
        }

        RandomAccess.Write(_file, bytes, _records * RecordBytes);
        RandomAccess.FlushToDisk(_file);
        foreach (var key in keys)
        {
            _places[key] = _records++;
        }
    }

    /// <summary>Reads a vector.</summary>
    /// <param name="key">Its key, which has one.</param>
    /// <param name="vector">Receives it, <c>[D]</c>.</param>
    public void Read(long key, Span<float> vector) => ReadExactly(MemoryMarshal.AsBytes(vector), (_places[key] * RecordBytes) + sizeof(long));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadExactly(Span<byte> bytes, long at)
    {
        while (!bytes.IsEmpty)
        {
            var count = RandomAccess.Read(_file, bytes, at);
            if (count == 0)
            {
                throw new EndOfStreamException("The file of pending vectors became shorter.");
            }

            bytes = bytes[count..];
            at += count;
        }
    }
}
