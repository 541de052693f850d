using System.Collections.Concurrent;
using Flip.Data.Stores;
using Flip.Devices;

namespace Flip.Data.Shards;

/// <summary>Opens all shards of a data set, several at a time.</summary>
/// <param name="access">How they are reached.</param>
/// <param name="progress">Receives (shards done, shards) after each, from any thread; null for no one.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class DataSetOpening(ShardAccess access, Action<int, int>? progress, CancellationToken cancellation)
{
    private readonly ShardOpening _opening = new(access);
    private readonly ConcurrentQueue<string> _problems = new();
    private int _done;

    /// <summary>Opens them.</summary>
    /// <exception cref="ConfigException">Some cannot be opened; the message names all of them.</exception>
    public DataSetIndex Open(IReadOnlyList<string> paths)
    {
        var shards = new ShardIndex?[paths.Count];
        var places = Enumerable.Range(0, paths.Count).ToLookup(i => StoreAddress.Is(paths[i]));
        int[] remote = [.. places[true]];
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Processors.Available };
        Parallel.ForEach(places[false], options, i =>
        {
            shards[i] = Try(paths[i], () => _opening.OpenFile(paths[i]));
            progress?.Invoke(Interlocked.Increment(ref _done), paths.Count);
        });
        if (remote.Length > 0)
        {
            RemoteFiles.Wait(OpenRemoteAsync(paths, remote, shards));
        }

        return _problems.IsEmpty
            ? new DataSetIndex([.. shards.OfType<ShardIndex>()], remote.Length > 0 ? access.Remote : null, _opening.Finding)
            : throw new ConfigException([.. _problems.Order(StringComparer.Ordinal)]);
    }

    private async Task OpenRemoteAsync(IReadOnlyList<string> paths, int[] remote, ShardIndex?[] shards)
    {
        var files = access.Remote ?? throw new ConfigException($"The shard '{StoreAddress.Show(paths[remote[0]])}' is in the network, and only files are read here.");
        var unknown = new ConcurrentBag<int>();
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = files.PartsAtOnce };
        await Parallel.ForEachAsync(remote, options, async (i, token) =>
        {
            try
            {
                shards[i] = await _opening.TryOpenAsync(paths[i], token);
                if (shards[i] is null)
                {
                    unknown.Add(i);
                    return;
                }
            }
            catch (Exception e) when (e is IOException or ConfigException)
            {
                _problems.Enqueue(e.Message);
            }

            progress?.Invoke(Interlocked.Increment(ref _done), paths.Count);
        });
        if (_problems.IsEmpty)
        {
            await ScanAsync(paths, [.. unknown.Order()], shards, files);
        }
    }

    /// <summary>Brings shards of which nothing is known. All of them must fit in the cache: else most would be brought twice.</summary>
    private async Task ScanAsync(IReadOnlyList<string> paths, int[] unknown, ShardIndex?[] shards, RemoteFiles files)
    {
        var bytes = 0L;
        await Parallel.ForEachAsync(unknown, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = files.PartsAtOnce }, async (i, token) =>
            Interlocked.Add(ref bytes, (await files.StatAsync(paths[i], token)).Length));
        if (bytes > files.CacheBytes)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"{unknown.Length:N0} shards such as '{StoreAddress.Show(paths[unknown[0]])}' have neither an index ('{ShardIndexFile.FileName}') nor img2dataset's statistics, and their {bytes / 1e9:0.#} GB do not fit in the cache of {files.CacheBytes / 1e9:0.#} GB, in which they would be read. Make the index once: flip data index."));
        }

        await Parallel.ForEachAsync(unknown, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = files.FilesAtOnce }, async (i, token) =>
        {
            await files.BringAsync(paths[i], token);
            shards[i] = Try(StoreAddress.Show(paths[i]), () => _opening.Scan(paths[i]));
            progress?.Invoke(Interlocked.Increment(ref _done), paths.Count);
        });
    }

    private ShardIndex? Try(string shown, Func<ShardIndex> open)
    {
        try
        {
            return open();
        }
        catch (ConfigException e)
        {
            _problems.Enqueue(e.Message);
        }
        catch (IOException e)
        {
            _problems.Enqueue($"The shard '{shown}' cannot be read: {e.Message}");
        }

        return null;
    }
}
