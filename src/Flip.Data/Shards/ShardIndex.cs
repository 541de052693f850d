using Flip.Data.Tar;

namespace Flip.Data.Shards;

/// <summary>Where the samples of one shard lie.</summary>
public sealed class ShardIndex
{
    private static readonly Dictionary<long, SparseMap> NotSparse = [];

    private readonly Func<SampleTable> _load;
    private readonly RecentTables? _recent; // null where the table is kept here
    private readonly Lock _gate = new();
    private readonly WeakReference<SampleTable?> _loaded = new(null);

    /// <summary>A shard whose headers were read.</summary>
    internal ShardIndex(
        string path,
        SampleTable samples,
        IReadOnlyList<ShardDamage> damage,
        IReadOnlyDictionary<string, long> unused,
        IReadOnlyDictionary<long, SparseMap> sparse)
    {
        (Path, Count, Damage, Unused, Sparse) = (path, samples.Count, damage, unused, sparse);
        _load = () => samples;
    }

    /// <summary>A shard whose number of samples is known, and whose table is loaded when a sample of it is wanted.</summary>
    internal ShardIndex(string path, int count, Func<SampleTable> load, RecentTables recent)
    {
        (Path, Count, Damage, Unused, Sparse) = (path, count, [], new Dictionary<string, long>(), NotSparse);
        (_load, _recent) = (load, recent);
    }

    /// <summary>The tar file, or its address.</summary>
    public string Path { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>What was found wrong with the shard; its other samples are used.</summary>
    public IReadOnlyList<ShardDamage> Damage { get; internal init; }

    /// <summary>How many members of each extension no sample uses, such as <c>.seg.png</c>; not a fault.</summary>
    public IReadOnlyDictionary<string, long> Unused { get; internal init; }

    /// <summary>The samples, in the order of their first members.</summary>
    /// <exception cref="IOException">They are not known yet, and the shard or its index cannot be read.</exception>
    internal SampleTable Samples
    {
        get
        {
            if (_recent is null)
            {
                return _load();
            }

            if (_loaded.TryGetTarget(out var table))
            {
                return table;
            }

            lock (_gate)
            {
                if (!_loaded.TryGetTarget(out table))
                {
                    table = _load();
                    _loaded.SetTarget(table);
                    _recent.Add(table);
                }

                return table;
            }
        }
    }

    /// <summary>Where the pieces of sparse members belong, by where their data begin.</summary>
    internal IReadOnlyDictionary<long, SparseMap> Sparse { get; init; }

    /// <summary>Finds the file on this machine, and brings it from the network where it is there; null for a path.</summary>
    internal Func<string>? Bring { get; init; }

    /// <summary>The tar file on this machine.</summary>
    /// <exception cref="IOException">It cannot be brought from the network.</exception>
    internal string LocalPath => Bring?.Invoke() ?? Path;

    /// <summary>A sample's members.</summary>
    /// <exception cref="BadSampleException">The shard has fewer samples than its statistics say.</exception>
    internal SampleEntry Sample(int index)
    {
        var samples = Samples;
        return index < samples.Count ? samples[index] : throw new BadSampleException(
            "missing sample", FormattableString.Invariant($"the shard has {samples.Count} samples, and its statistics say {Count}"));
    }
}
