using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>What an index file says of a shard.</summary>
/// <param name="Name">Its path below the folder of the index, with <c>/</c> between folders.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Edges">What tells it from another of the same length (<see cref="ShardEdges"/>).</param>
/// <param name="At">Where its table begins in the index file.</param>
/// <param name="Length">Bytes of its table.</param>
/// <param name="Unit">What every offset is a multiple of, bytes.</param>
/// <param name="Sha256">SHA-256 of all of it; null where it was not computed.</param>
/// <param name="Damage">What was found wrong.</param>
/// <param name="Unused">Members that no sample uses, by extension.</param>
/// <param name="Sparse">Members that are stored in pieces: where their data begin, and offset and length of each piece.</param>
internal sealed record IndexedShard(
    string Name,
    long Bytes,
    int Samples,
    string Edges,
    long At,
    int Length,
    int Unit,
    string? Sha256 = null,
    IReadOnlyList<IndexedDamage>? Damage = null,
    IReadOnlyDictionary<string, long>? Unused = null,
    IReadOnlyDictionary<long, IReadOnlyList<long>>? Sparse = null)
{
    /// <summary>The damage as found in a shard.</summary>
    public IReadOnlyList<ShardDamage> DamageOf(string path) => [.. (Damage ?? []).Select(found => new ShardDamage(path, found.Cause, found.What, found.Count))];

    /// <summary>Where pieces belong.</summary>
    public IReadOnlyDictionary<long, SparseMap> SparseMaps() => (Sparse ?? new Dictionary<long, IReadOnlyList<long>>()).ToDictionary(
        member => member.Key, member => new SparseMap([.. member.Value.Chunk(2).Select(piece => (piece[0], piece[^1]))]));
}

/// <summary>Damage of a shard (<see cref="ShardDamage"/>).</summary>
internal sealed record IndexedDamage(string Cause, string What, long Count);
