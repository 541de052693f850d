using Flip.Data.Stores;
using Microsoft.Win32.SafeHandles;

namespace Flip.Data.Shards;

/// <summary>
/// Reads from many files at any place, from many threads, with few of them open: a data set can have more shards than a
/// process may have open files. A thread that opens a file, which may take long over a network, keeps only those waiting that want the same one.
/// </summary>
/// <param name="paths">The files, and addresses of some in the network.</param>
/// <param name="maxOpen">How many stay open.</param>
/// <param name="open">Opens one; null for the usual way.</param>
/// <param name="remote">Reads those in the network; null where there are none.</param>
/// <param name="inParts">Whether a file of the network that is not in the cache is read in parts, by requests; else it is brought whole first.</param>
internal sealed class ShardFiles(
    IReadOnlyList<string> paths, int maxOpen = 128, Func<string, SafeFileHandle>? open = null, RemoteFiles? remote = null, bool inParts = false) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, OpenFile> _open = [];
    private long _clock;
    private bool _disposed;

    /// <summary>Fills <paramref name="buffer"/> from one place of one file.</summary>
    /// <exception cref="IOException">The file is gone, unreadable, or shorter than it was when it was indexed.</exception>
    public void Read(int shard, long offset, Span<byte> buffer)
    {
        if (IsInParts(shard))
        {
            var part = new byte[buffer.Length];
            RemoteFiles.Wait(remote!.ReadAsync(paths[shard], offset, part, CancellationToken.None));
            part.CopyTo(buffer);
            return;
        }

        var file = Acquire(shard);
        try
        {
            var handle = file.Handle.Value;
            while (buffer.Length > 0)
            {
                var count = RandomAccess.Read(handle, buffer, offset);
                if (count == 0)
                {
                    throw new EndOfStreamException($"The shard '{paths[shard]}' is shorter than it was when it was indexed.");
                }

                buffer = buffer[count..];
                offset += count;
            }
        }
        catch (IOException e) when (file.Handle.IsValueCreated && e is not EndOfStreamException)
        {
            throw new IOException($"The shard '{paths[shard]}' cannot be read: {e.Message}", e);
        }
        finally
        {
            Release(shard, file);
        }
    }

    /// <summary>Whether a file is read by requests for parts of it, as things are.</summary>
    public bool IsInParts(int shard) => remote is not null && StoreAddress.Is(paths[shard]) && (remote.CacheBytes == 0 || (inParts && !remote.IsLocal(paths[shard])));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var file in _open.Values)
            {
                file.Close();
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
                file = new OpenFile(new Lazy<SafeFileHandle>(() => (open ?? Open)(paths[shard]), LazyThreadSafetyMode.ExecutionAndPublication));
                _open.Add(shard, file);
            }

            file.Users++;
            file.LastUse = _clock++;
            return file;
        }
    }

    private void Release(int shard, OpenFile file)
    {
        lock (_gate)
        {
            file.Users--;
            if (!file.Handle.IsValueCreated && _open.GetValueOrDefault(shard) == file)
            {
                _open.Remove(shard); // it could not be opened: the next read tries again
            }

            if (_disposed)
            {
                file.Close();
            }
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
            oldest.Value.Close();
        }
    }

    private SafeFileHandle Open(string path)
    {
        if (remote is not null && StoreAddress.Is(path))
        {
            return remote.Open(path);
        }

        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The shard '{path}' cannot be opened: {e.Message}", e);
        }
    }

    private sealed class OpenFile(Lazy<SafeFileHandle> handle)
    {
        public Lazy<SafeFileHandle> Handle { get; } = handle;

        public int Users { get; set; }

        public long LastUse { get; set; }

        public void Close()
        {
            if (Handle.IsValueCreated)
            {
                Handle.Value.Dispose();
            }
        }
    }
}
