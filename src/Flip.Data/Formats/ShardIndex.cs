namespace Flip.Data.Formats;

/// <summary>Where the samples of one shard lie.</summary>
public sealed class ShardIndex
{
    internal ShardIndex(string path, SampleEntry[] samples, IReadOnlyList<ShardDamage> damage)
    {
        Path = path;
        Samples = samples;
        Damage = damage;
    }

    /// <summary>The tar file.</summary>
    public string Path { get; }

    /// <summary>Number of samples.</summary>
    public int Count => Samples.Length;

    /// <summary>What was found wrong with the shard; its other samples are used.</summary>
    public IReadOnlyList<ShardDamage> Damage { get; }

    /// <summary>The samples, in the order of their first members.</summary>
    internal SampleEntry[] Samples { get; }
}
