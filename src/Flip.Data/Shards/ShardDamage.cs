namespace Flip.Data.Shards;

/// <summary>Something in a shard that could not be used, found while it was indexed. What could be used is used.</summary>
/// <param name="Path">The shard.</param>
/// <param name="Cause">Short and stable, to count by: "empty shard", "cut shard", "not a tar", "no image", "broken link", ...</param>
/// <param name="What">What the shard has or is, a clause without a full stop.</param>
/// <param name="Count">How many members or samples; 1 for the shard as a whole.</param>
public sealed record ShardDamage(string Path, string Cause, string What, long Count = 1)
{
    /// <summary>One line that names the shard and says more.</summary>
    public string Message => $"The shard '{Path}' {What}.";
}
