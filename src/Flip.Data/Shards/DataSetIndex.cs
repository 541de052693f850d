using Flip.Data.Order;
using Flip.Data.Stores;

namespace Flip.Data.Shards;

/// <summary>
/// Where every sample of a list of WebDataset shards lies. Sample i of the data set is a plain number: shards in the given
/// order, samples of a shard in the order of their first members.
/// </summary>
public sealed class DataSetIndex
{
    private readonly long[] _firstSamples;
    private readonly string? _stale;

    internal DataSetIndex(IReadOnlyList<ShardIndex> all, RemoteFiles? remote = null, string? stale = null)
    {
        (Remote, _stale) = (remote, stale);
        var shards = all.Where(shard => shard.Count > 0).ToList();
        Shards = shards;
        Damage = [.. all.SelectMany(shard => shard.Damage)];
        Unused = all.SelectMany(shard => shard.Unused).GroupBy(extension => extension.Key).ToDictionary(same => same.Key, same => same.Sum(count => count.Value));
        _firstSamples = new long[shards.Count + 1];
        for (var i = 0; i < shards.Count; i++)
        {
            _firstSamples[i + 1] = _firstSamples[i] + shards[i].Count;
        }
    }

    /// <summary>The shards that have samples.</summary>
    public IReadOnlyList<ShardIndex> Shards { get; }

    /// <summary>What was found wrong, shard by shard.</summary>
    public IReadOnlyList<ShardDamage> Damage { get; }

    /// <summary>How many members of each extension no sample uses (<see cref="ShardIndex.Unused"/>).</summary>
    public IReadOnlyDictionary<string, long> Unused { get; }

    /// <summary>Number of samples.</summary>
    public long Count => _firstSamples[^1];

    /// <summary>What was left out and why, in a few lines for people; empty where all is used.</summary>
    public IReadOnlyList<string> Findings =>
    [
        .. ShardFindings.OfDamage(Damage).Select(line => $"Damaged: {line}"),
        .. ShardFindings.OfUnused(Unused) is { } line ? [line] : Array.Empty<string>(),
        .. _stale is null ? Array.Empty<string>() : [_stale],
    ];

    /// <summary>Reads shards of the network; null where all are files.</summary>
    internal RemoteFiles? Remote { get; }

    /// <summary>Indexes the shards that a pattern names (<see cref="ShardPattern"/>).</summary>
    /// <exception cref="ConfigException">The pattern names no shards, or they have no sample.</exception>
    public static DataSetIndex Open(string pattern, Action<int, int>? progress = null, CancellationToken cancellation = default) =>
        Open(ShardPattern.Expand(pattern), progress, cancellation);

    /// <summary>Indexes shards, several at a time.</summary>
    /// <param name="paths">Tar files.</param>
    /// <param name="progress">Receives (shards done, shards) after each, from any thread.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">A shard cannot be opened, or no shard has a sample.</exception>
    public static DataSetIndex Open(IReadOnlyList<string> paths, Action<int, int>? progress = null, CancellationToken cancellation = default) =>
        Open(paths, new ShardAccess(), progress, cancellation);

    /// <inheritdoc cref="Open(IReadOnlyList{string}, Action{int, int}, CancellationToken)"/>
    /// <param name="access">How they are reached.</param>
    internal static DataSetIndex Open(IReadOnlyList<string> paths, ShardAccess access, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        var index = new DataSetOpening(access, progress, cancellation).Open(paths);
        return index.Count > 0
            ? index
            : throw new ConfigException(
            [
                "The data set has no sample.",
                .. ShardFindings.OfDamage(index.Damage),
                .. ShardFindings.OfUnused(index.Unused) is { } unused ? [unused] : Array.Empty<string>(),
            ]);
    }

    /// <summary>The shard and key of a sample, for messages. Reads the shard's headers, so not for every sample.</summary>
    public string Describe(long sample)
    {
        var (shard, index) = Locate(sample);
        return $"'{ShardReader.FindKey(Shards[shard], index)}' in '{Shards[shard].Path}'";
    }

    /// <summary>All captions of all samples in order, to learn a vocabulary from; reads text members only. Samples without
    /// a usable caption are passed over.</summary>
    /// <param name="reader">How captions are found.</param>
    public IEnumerable<string> ReadCaptions(CaptionReader reader) => Enumerable.Range(0, Shards.Count).SelectMany(shard => ReadCaptions(reader, shard));

    /// <summary>Those of one shard.</summary>
    internal IEnumerable<string> ReadCaptions(CaptionReader reader, int shard)
    {
        ArgumentNullException.ThrowIfNull(reader);
        using var files = OpenFiles();
        foreach (var entry in Shards[shard].Samples)
        {
            foreach (var caption in Captions(files, shard, entry))
            {
                yield return caption;
            }
        }

        IReadOnlyList<string> Captions(ShardFiles files, int shard, SampleEntry entry)
        {
            try
            {
                return reader.Read(Members(files, shard), entry);
            }
            catch (BadSampleException)
            {
                return [];
            }
        }
    }

    /// <summary>The members of a sample and the place of its shard in <see cref="Shards"/>.</summary>
    internal (int Shard, SampleEntry Entry) Find(long sample)
    {
        var (shard, index) = Locate(sample);
        return (shard, Shards[shard].Sample(index));
    }

    /// <summary>The place in <see cref="Shards"/> of the shard that has a sample.</summary>
    internal int ShardOf(long sample) => Locate(sample).Shard;

    /// <summary>Reads the members of a shard's samples.</summary>
    /// <param name="files">From <see cref="OpenFiles"/>.</param>
    /// <param name="shard">Its place in <see cref="Shards"/>.</param>
    /// <param name="part">A part of the shard that is here already; members in it are not read again.</param>
    internal MemberReader Members(ShardFiles files, int shard, ShardPart part = default) => new(files, shard, Shards[shard].Sparse, part);

    /// <param name="inParts">Whether what is not in the cache is read by requests for parts; else a shard is brought whole when it is first read.</param>
    internal ShardFiles OpenFiles(bool inParts = false) => new([.. Shards.Select(shard => shard.Path)], remote: Remote, inParts: inParts);

    private (int Shard, int Index) Locate(long sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, Count);
        return SampleOrder.Locate(_firstSamples, sample);
    }
}
