using Flip.Data.Formats;

namespace Flip.Data.Sources;

/// <summary>How a source of images or texts is opened.</summary>
public sealed record SourceOptions
{
    /// <summary>Whether what a list lacks, or what is damaged in a shard, is left out; it is an error else.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Told each damage of a shard that is allowed.</summary>
    public Action<ShardDamage>? Damaged { get; init; }

    /// <summary>Told (shards done, shards) while shards are indexed, from any thread.</summary>
    public Action<int, int>? Indexing { get; init; }
}
