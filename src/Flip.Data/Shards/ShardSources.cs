using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>Shards where a source may be something else too.</summary>
public static class ShardSources
{
    /// <summary>Whether a text can only mean shards.</summary>
    public static bool IsPattern(string source) =>
        StoreAddress.Is(source) || ShardPattern.IsShard(source) || source.AsSpan().ContainsAny("*?{},");

    /// <summary>Whether a folder has shards.</summary>
    public static bool IsFolder(string folder) => Directory.Exists(folder)
        && Directory.EnumerateFiles(folder).Any(ShardPattern.IsShard);

    /// <summary>Indexes shards.</summary>
    /// <exception cref="ConfigException">There are none, or they have no sample.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, and that is not allowed.</exception>
    public static DataSetIndex Open(string pattern, SourceOptions options, CancellationToken cancellation) =>
        OpenFiles(pattern, options.Remote is null ? options with { Remote = Access(options).Remote } : options, cancellation);

    private static DataSetIndex OpenFiles(string pattern, SourceOptions options, CancellationToken cancellation) =>
        Open(ShardPattern.Expand(pattern, options.AllowOutside, options.Remote), options, cancellation);

    /// <summary>Indexes shards in the order given.</summary>
    /// <exception cref="ConfigException">They have no sample, or one lies outside the folder that was named.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, and that is not allowed.</exception>
    public static DataSetIndex Open(IReadOnlyList<string> paths, SourceOptions options, CancellationToken cancellation)
    {
        foreach (var path in paths)
        {
            options.Inside(path);
        }

        var index = DataSetIndex.Open(paths, Access(options), options.Indexing, cancellation);
        if (index.Damage.Count > 0 && !options.AllowMissing)
        {
            throw new EvaluationDataException(string.Join(" ", ShardFindings.OfDamage(index.Damage)));
        }

        foreach (var line in index.Findings)
        {
            options.Say?.Invoke(line);
        }

        return index;
    }

    /// <summary>The usual ways: the network by the environment's keys, through the user's own cache. Nothing is asked or made where no shard is there.</summary>
    private static ShardAccess Access(SourceOptions options) => new(options.Remote ?? new RemoteFiles(new StoreOptions { Notice = options.Say }), options.Index);
}
