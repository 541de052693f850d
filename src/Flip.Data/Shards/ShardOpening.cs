using System.Collections.Concurrent;
using Flip.Data.Stores;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>
/// Opens shards as cheaply as may be: by an index file, which has all; by img2dataset's statistics beside a shard in the network, which have the number of its samples; else by its
/// headers. Safe to call from several threads.
/// </summary>
/// <param name="access">How they are reached.</param>
internal sealed class ShardOpening(ShardAccess access)
{
    private readonly RecentTables _recent = new();
    private readonly ConcurrentDictionary<string, Lazy<ShardIndexFile?>> _indexes = new(StringComparer.Ordinal); // by folder
    private readonly ConcurrentDictionary<string, Lazy<Task<ShardIndexFile?>>> _remote = new(StringComparer.Ordinal); // likewise
    private readonly Lazy<ShardIndexFile?> _named = new(() => access.Index is { } path ? ShardIndexFile.Open(path) : null);
    private int _stale;

    /// <summary>What to say of indexes that do not fit; null where all do.</summary>
    public string? Finding => _stale == 0 ? null : FormattableString.Invariant(
        $"{_stale} shards have changed since they were indexed, and their headers were read: make '{ShardIndexFile.FileName}' anew with flip data index.");

    /// <summary>Opens a shard on this machine.</summary>
    /// <exception cref="ConfigException">It cannot be opened, or its index is damaged.</exception>
    public ShardIndex OpenFile(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var index = _named.Value ?? _indexes.GetOrAdd(folder, _ => new(() => OpenIndex(Path.Combine(folder, ShardIndexFile.FileName)))).Value;
        if (index is null || !index.Shards.TryGetValue(Path.GetFileName(path), out var entry))
        {
            return ShardReader.Read(path);
        }

        if (PlainFile.Length(path) != entry.Bytes)
        {
            Interlocked.Increment(ref _stale);
            return ShardReader.Read(path);
        }

        return Indexed(path, index, entry, () =>
        {
            using var file = ShardReader.Open(path);
            if (ShardEdges.Of(file) != entry.Edges)
            {
                throw new IOException($"The shard '{path}' has changed since it was indexed; run flip data index again.");
            }
        });
    }

    /// <summary>Opens a shard of the network; null where neither an index nor statistics say how many samples it has.</summary>
    /// <exception cref="StoreException">Its store does not answer.</exception>
    /// <exception cref="ConfigException">Its index is damaged.</exception>
    public async Task<ShardIndex?> TryOpenAsync(string address, CancellationToken cancellation)
    {
        var remote = access.Remote!;
        var index = _named.Value ?? await _remote.GetOrAdd(StoreAddress.FolderOf(address), _ => new(() => OpenIndexAsync(address, cancellation))).Value;
        if (index?.Shards.TryGetValue(StoreAddress.NameOf(address), out var entry) == true)
        {
            remote.Expect(address, entry.Bytes, entry.Sha256);
            return Indexed(address, index, entry, () => { }, Bring(address));
        }

        return await DownloadStatistics.SamplesAsync(remote.Reader, address, cancellation) is { } samples
            ? new ShardIndex(address, samples, () => Scan(address).Samples, _recent) { Bring = Bring(address) }
            : null;
    }

    /// <summary>Opens a shard of the network by its headers, for which all of it is brought.</summary>
    /// <exception cref="IOException">It cannot be brought.</exception>
    public ShardIndex Scan(string address)
    {
        var found = ShardReader.Read(Bring(address)(), StoreAddress.Show(address));
        return new ShardIndex(address, found.Samples, found.Damage, found.Unused, found.Sparse) { Bring = Bring(address) };
    }

    private static ShardIndexFile? OpenIndex(string path) => File.Exists(path) ? ShardIndexFile.Open(path) : null;

    private Func<string> Bring(string address) => () => RemoteFiles.Wait(access.Remote!.BringAsync(address, CancellationToken.None));

    private ShardIndex Indexed(string path, ShardIndexFile index, IndexedShard entry, Action check, Func<string>? bring = null) => new(
        path,
        entry.Samples,
        () =>
        {
            check();
            return index.Load(entry);
        },
        _recent)
    {
        Damage = entry.DamageOf(path),
        Unused = entry.Unused ?? new Dictionary<string, long>(),
        Sparse = entry.SparseMaps(),
        Bring = bring,
    };

    private async Task<ShardIndexFile?> OpenIndexAsync(string shard, CancellationToken cancellation)
    {
        var reader = access.Remote!.Reader;
        var address = StoreAddress.Beside(shard, ShardIndexFile.FileName);
        StoredFile file;
        try
        {
            file = await reader.StatAsync(address, cancellation);
        }
        catch (StoreException e) when (e.IsMissing)
        {
            return null;
        }

        return ShardIndexFile.Open(StoreAddress.Show(address), file.Length, (offset, count) =>
        {
            var bytes = new byte[count];
            if (count > 0)
            {
                RemoteFiles.Wait(reader.ReadAsync(address, offset, bytes, cancellation));
            }

            return bytes;
        });
    }
}
