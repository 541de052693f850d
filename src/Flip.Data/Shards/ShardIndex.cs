using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>Where the samples of one shard lie.</summary>
public sealed class ShardIndex
{
    internal ShardIndex(
        string path,
        SampleEntry[] samples,
        IReadOnlyList<ShardDamage> damage,
        IReadOnlyDictionary<string, long> unused,
        IReadOnlyDictionary<uint, SparseMap> sparse)
    {
        (Path, Samples, Damage, Unused, Sparse) = (path, samples, damage, unused, sparse);
    }

    /// <summary>The tar file.</summary>
    public string Path { get; }

    /// <summary>Number of samples.</summary>
    public int Count => Samples.Length;

    /// <summary>What was found wrong with the shard; its other samples are used.</summary>
    public IReadOnlyList<ShardDamage> Damage { get; }

    /// <summary>How many members of each extension no sample uses, such as <c>.seg.png</c>; not a fault.</summary>
    public IReadOnlyDictionary<string, long> Unused { get; }

    /// <summary>The samples, in the order of their first members.</summary>
    internal SampleEntry[] Samples { get; }

    /// <summary>Where the pieces of sparse members belong, by the block of their data.</summary>
    internal IReadOnlyDictionary<uint, SparseMap> Sparse { get; }
}
