using System.Collections.Concurrent;
using Flip.Data.Order;
using Flip.Devices;

namespace Flip.Data.Shards;

/// <summary>
/// Where every sample of a list of WebDataset shards lies. Sample i of the data set is a plain number: shards in the given
/// order, samples of a shard in the order of their first members.
/// </summary>
public sealed class DataSetIndex
{
    private readonly long[] _firstSamples;

    private DataSetIndex(IReadOnlyList<ShardIndex> all)
    {
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
    ];

    /// <summary>Indexes the shards that a pattern names (<see cref="ShardPattern"/>).</summary>
    /// <exception cref="ConfigException">The pattern names no shards, or they have no sample.</exception>
    public static DataSetIndex Open(string pattern, Action<int, int>? progress = null, CancellationToken cancellation = default) =>
        Open(ShardPattern.Expand(pattern), progress, cancellation);

    /// <summary>Indexes shards, several at a time.</summary>
    /// <param name="paths">Tar files.</param>
    /// <param name="progress">Receives (shards done, shards) after each, from any thread.</param>
    /// <param name="cancellation">Stops the indexing.</param>
    /// <exception cref="ConfigException">A shard cannot be opened, or no shard has a sample.</exception>
    public static DataSetIndex Open(
        IReadOnlyList<string> paths, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        var shards = new ShardIndex?[paths.Count];
        var problems = new ConcurrentQueue<string>();
        var done = 0;
        var options = new ParallelOptions
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = Processors.Available,
        };
        Parallel.For(0, paths.Count, options, i =>
        {
            try
            {
                shards[i] = ShardReader.Read(paths[i]);
            }
            catch (ConfigException e)
            {
                problems.Enqueue(e.Message);
            }
            catch (IOException e)
            {
                problems.Enqueue($"The shard '{paths[i]}' cannot be read: {e.Message}");
            }

            progress?.Invoke(Interlocked.Increment(ref done), paths.Count);
        });
        if (!problems.IsEmpty)
        {
            throw new ConfigException([.. problems.Order(StringComparer.Ordinal)]);
        }

        var index = new DataSetIndex(shards!);
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
    public IEnumerable<string> ReadCaptions(CaptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        using var files = OpenFiles();
        for (var shard = 0; shard < Shards.Count; shard++)
        {
            foreach (var entry in Shards[shard].Samples)
            {
                foreach (var caption in Captions(files, shard, entry))
                {
                    yield return caption;
                }
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
        return (shard, Shards[shard].Samples[index]);
    }

    /// <summary>Reads the members of a shard's samples.</summary>
    /// <param name="files">From <see cref="OpenFiles"/>.</param>
    /// <param name="shard">Its place in <see cref="Shards"/>.</param>
    internal MemberReader Members(ShardFiles files, int shard) => new(files, shard, Shards[shard].Sparse);

    internal ShardFiles OpenFiles() => new([.. Shards.Select(shard => shard.Path)]);

    private (int Shard, int Index) Locate(long sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, Count);
        return SampleOrder.Locate(_firstSamples, sample);
    }
}
