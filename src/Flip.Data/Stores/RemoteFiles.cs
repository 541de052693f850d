using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Flip.Data.Stores;

/// <summary>Files of the network as a data set reads them: whole in the cache where they are there, else in parts. Safe to call from several threads.</summary>
public sealed class RemoteFiles : IDisposable
{
    private const int OpenTries = 10;

    private readonly SemaphoreSlim _files;
    private readonly SemaphoreSlim _parts;
    private readonly ShardCache? _cache;
    private readonly ConcurrentDictionary<string, byte> _local = new(StringComparer.Ordinal); // seen in the cache
    private readonly ConcurrentDictionary<string, (long Bytes, string? Sha256)> _expected = new(StringComparer.Ordinal);

    /// <summary>Files of the network; nothing is asked or made before the first is wanted.</summary>
    /// <param name="options">Cache, keys, patience.</param>
    public RemoteFiles(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Reader = new StoreReader(options);
        _cache = options.CacheBytes > 0 ? new ShardCache(Reader, options.Folder, options.CacheBytes) : null;
        (_files, _parts) = (new SemaphoreSlim(options.FilesAtOnce), new SemaphoreSlim(options.PartsAtOnce));
        (FilesAtOnce, PartsAtOnce) = (options.FilesAtOnce, options.PartsAtOnce);
    }

    internal StoreReader Reader { get; }

    /// <summary>Bytes that the cache may take; 0 where there is none.</summary>
    internal long CacheBytes => _cache?.Most ?? 0;

    /// <summary>Files that are brought at the same time.</summary>
    internal int FilesAtOnce { get; }

    /// <summary>Parts that are read at the same time.</summary>
    internal int PartsAtOnce { get; }

    /// <summary>Tells the length that a file must have, and its hash where it is known.</summary>
    internal void Expect(string address, long bytes, string? sha256) => _expected[address] = (bytes, sha256);

    /// <summary>Whether a file was in the cache when it was last looked for.</summary>
    internal bool IsLocal(string address) => _local.ContainsKey(address);

    /// <summary>Brings a file into the cache, where it is not there.</summary>
    /// <exception cref="StoreException">It cannot be had.</exception>
    internal async Task<string> BringAsync(string address, CancellationToken cancellation)
    {
        var cache = _cache ?? throw new StoreException($"{StoreAddress.Show(address)}: is read as a whole, which needs a cache (data.cacheSize is 0).");
        await _files.WaitAsync(cancellation);
        try
        {
            var file = await StatAsync(address, cancellation);
            var path = cache.Find(file) ?? await cache.BringAsync(file, _expected.GetValueOrDefault(address).Sha256, cancellation);
            _local[address] = 0;
            return path;
        }
        finally
        {
            _files.Release();
        }
    }

    /// <summary>Opens a file in the cache, where it is brought if need be.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    internal SafeFileHandle Open(string address)
    {
        for (var attempt = 0; ; attempt++)
        {
            var path = Wait(BringAsync(address, CancellationToken.None));
            try
            {
                return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            }
            catch (FileNotFoundException) when (attempt < OpenTries)
            {
                _local.TryRemove(address, out _); // it has just made room for another
            }
        }
    }

    /// <summary>Fills a buffer from a place of a file, by a request.</summary>
    /// <exception cref="StoreException">It cannot be had.</exception>
    internal async Task ReadAsync(string address, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        await _parts.WaitAsync(cancellation);
        try
        {
            Check(await Reader.ReadAsync(address, offset, buffer, cancellation));
        }
        finally
        {
            _parts.Release();
        }
    }

    /// <summary>Whether a file is in the cache now; asks the store once for its length and version.</summary>
    internal async Task<bool> IsCachedAsync(string address, CancellationToken cancellation)
    {
        if (_cache?.Find(await StatAsync(address, cancellation)) is null)
        {
            return false;
        }

        _local[address] = 0;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reader.Dispose();
        _files.Dispose();
        _parts.Dispose();
    }

    /// <summary>Length and version of a file.</summary>
    /// <exception cref="StoreException">It cannot be had, or has another length than its index says.</exception>
    internal async Task<StoredFile> StatAsync(string address, CancellationToken cancellation) => Check(await Reader.StatAsync(address, cancellation));

    /// <summary>Waits on a thread that has nothing else to do.</summary>
    internal static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    /// <inheritdoc cref="Wait{T}"/>
    internal static void Wait(Task task) => task.GetAwaiter().GetResult();

    private StoredFile Check(StoredFile file) => !_expected.TryGetValue(file.Address, out var expected) || expected.Bytes == file.Length ? file : throw new StoreException(
        FormattableString.Invariant($"{StoreAddress.Show(file.Address)}: has {file.Length:N0} bytes, and its index says {expected.Bytes:N0}; run flip data index again."));
}
