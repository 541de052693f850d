using Microsoft.Win32.SafeHandles;

namespace Flip.Data.Shards;

/// <summary>
/// Reads from many files at any place, from many threads, with few of them open: a data set can have more shards than a
/// process may have open files.
/// </summary>
internal sealed class ShardFiles(IReadOnlyList<string> paths, int maxOpen = 128) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, OpenFile> _open = [];
    private long _clock;
    private bool _disposed;

    /// <summary>Fills <paramref name="buffer"/> from one place of one file.</summary>
    /// <exception cref="IOException">The file is gone, unreadable, or shorter than it was when it was indexed.</exception>
    public void Read(int shard, long offset, Span<byte> buffer)
    {
        var file = Acquire(shard);
        try
        {
            while (buffer.Length > 0)
            {
                var count = RandomAccess.Read(file.Handle, buffer, offset);
                if (count == 0)
                {
                    throw new EndOfStreamException($"The shard '{paths[shard]}' is shorter than it was when it was indexed.");
                }

                buffer = buffer[count..];
                offset += count;
            }
        }
        catch (IOException e) when (e is not EndOfStreamException)
        {
            throw new IOException($"The shard '{paths[shard]}' cannot be read: {e.Message}", e);
        }
        finally
        {
            Release(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var file in _open.Values)
            {
                file.Handle.Dispose();
            }

            _open.Clear();
        }
    }

    private OpenFile Acquire(int shard)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(shard, out var file))
            {
                CloseUnused();
                file = new OpenFile(Open(paths[shard]));
                _open.Add(shard, file);
            }

            file.Users++;
            file.LastUse = _clock++;
            return file;
        }
    }

    private void Release(OpenFile file)
    {
        lock (_gate)
        {
            file.Users--;
        }
    }

    private void CloseUnused()
    {
        while (_open.Count >= maxOpen)
        {
            var unused = _open.Where(pair => pair.Value.Users == 0).ToList();
            if (unused.Count == 0)
            {
                return;
            }

            var oldest = unused.MinBy(pair => pair.Value.LastUse);
            _open.Remove(oldest.Key);
            oldest.Value.Handle.Dispose();
        }
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The shard '{path}' cannot be opened: {e.Message}", e);
        }
    }

    private sealed class OpenFile(SafeFileHandle handle)
    {
        public SafeFileHandle Handle { get; } = handle;

        public int Users { get; set; }

        public long LastUse { get; set; }
    }
}
