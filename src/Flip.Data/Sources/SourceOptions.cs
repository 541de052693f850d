namespace Flip.Data.Sources;

/// <summary>How a source of images or texts is opened.</summary>
public sealed record SourceOptions
{
    /// <summary>Whether what a list lacks, or what is damaged in a shard, is left out; it is an error else.</summary>
    public bool AllowMissing { get; init; }

    /// <summary>Told what was left out of shards, a line for people each: damage that is allowed, and members that no sample uses.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>Told (shards done, shards) while shards are indexed, from any thread.</summary>
    public Action<int, int>? Indexing { get; init; }
}
