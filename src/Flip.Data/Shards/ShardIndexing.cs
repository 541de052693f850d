using Flip.Data.Stores;
using Flip.Devices;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>Makes index files: <c>index.flip</c> beside shards, or one file for shards that lie elsewhere.</summary>
/// <param name="remote">Reads shards in the network; null where all are files.</param>
/// <param name="hashes">Whether the SHA-256 of each shard is computed, which reads all of it: by it a shard that comes over a network is checked.</param>
/// <param name="progress">Receives (shards done, shards).</param>
/// <param name="cancellation">Stops it; nothing is written then.</param>
public sealed class ShardIndexing(RemoteFiles? remote = null, bool hashes = false, Action<int, int>? progress = null, CancellationToken cancellation = default)
{
    private int _done;
    private int _all;

    /// <summary>Indexes shards by reading their headers.</summary>
    /// <param name="paths">Files, or addresses.</param>
    /// <param name="output">The index file; null puts one beside the shards of each folder, which works for files alone.</param>
    /// <returns>Each index that was written.</returns>
    /// <exception cref="ConfigException">A shard cannot be opened, or two have one name in one index.</exception>
    /// <exception cref="IOException">A shard cannot be brought, or an index not written.</exception>
    public IReadOnlyList<WrittenIndex> Run(IReadOnlyList<string> paths, string? output = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        (_done, _all) = (0, paths.Count);
        if (output is not null)
        {
            return [Write(output, paths)];
        }

        if (paths.FirstOrDefault(StoreAddress.Is) is { } address)
        {
            throw new ConfigException($"'{StoreAddress.Show(address)}' is in the network: name a file for the index (--out), and put it beside the shards as '{ShardIndexFile.FileName}' or give it to trainings as data.index.");
        }

        return [.. paths.GroupBy(path => Path.GetDirectoryName(Path.GetFullPath(path))!).Select(folder => Write(Path.Combine(folder.Key, ShardIndexFile.FileName), [.. folder]))];
    }

    private static string NameOf(string path) => StoreAddress.Is(path) ? StoreAddress.NameOf(path) : Path.GetFileName(path);

    private WrittenIndex Write(string output, IReadOnlyList<string> paths)
    {
        if (paths.GroupBy(NameOf).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ConfigException($"Two shards are called '{twice.Key}', and an index knows shards by their names: make one for each folder.");
        }

        // In order, for equal shards are to give equal indexes; some are read ahead.
        var read = paths.AsParallel().AsOrdered().WithCancellation(cancellation).WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .WithDegreeOfParallelism(Math.Min(512, remote is null ? Processors.Available : Math.Max(Processors.Available, remote.FilesAtOnce))).Select(Read);
        var damage = new List<ShardDamage>();
        var (shards, samples) = ShardIndexFile.Write(output, read.Select(shard =>
        {
            damage.AddRange(shard.Shard.Damage);
            progress?.Invoke(++_done, _all);
            return shard;
        }).AsEnumerable());
        return new WrittenIndex(Path.GetFullPath(output), shards, samples, new FileInfo(output).Length, [.. ShardFindings.OfDamage(damage)]);
    }

    private (ShardIndex Shard, string Name, long Bytes, string Edges, string? Sha256) Read(string path)
    {
        var file = StoreAddress.Is(path)
            ? RemoteFiles.Wait((remote ?? throw new ConfigException($"'{StoreAddress.Show(path)}' is in the network, and only files are read here.")).BringAsync(path, cancellation))
            : path;
        var shard = ShardReader.Read(file, StoreAddress.Is(path) ? StoreAddress.NameOf(path) : path);
        using var stream = ShardReader.Open(file);
        return (shard, NameOf(path), stream.Length, ShardEdges.Of(stream), hashes ? FileDigest.Of(file).Sha256 : null);
    }
}

/// <summary>An index that was written.</summary>
/// <param name="Path">The file.</param>
/// <param name="Shards">Number of shards.</param>
/// <param name="Samples">Number of their samples.</param>
/// <param name="Bytes">Bytes of the index.</param>
/// <param name="Findings">What was found wrong with shards, for people.</param>
public sealed record WrittenIndex(string Path, int Shards, long Samples, long Bytes, IReadOnlyList<string> Findings);
