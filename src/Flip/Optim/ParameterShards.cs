using Flip.Collectives;
using Flip.Models;

namespace Flip.Optim;

/// <summary>
/// How the flat buffers are divided among ranks: into buckets, which are exchanged one by one, and each bucket among all ranks, so that every
/// rank sends and updates as much as any other (ZeRO-1, arXiv 1910.02054). The division is no part of what a checkpoint means.
/// </summary>
public sealed class ParameterShards
{
    private const long MostEntries = 1 << 22; // of a bucket, 16 MiB of fp32: long enough for the network's full rate, short enough to begin early
    private const int RanksOfMost = 32; // with more of them a ring's latency grows, and buckets with it: docs/cluster.md
    private const int FewestBuckets = 16; // so that a small model's exchange begins early too

    private readonly ICommunicator _ranks;

    private ParameterShards(IReadOnlyList<Share> buckets, ICommunicator ranks, bool divides)
    {
        (Buckets, _ranks, Divides) = (buckets, ranks, divides);
        Owned = [.. buckets.Select(bucket => divides ? OwnedOf(bucket, ranks.Rank) : bucket)];
        OwnedCount = Owned.Sum(piece => piece.Count);
    }

    /// <summary>Consecutive ranges of the flat buffers; each begins and ends with a parameter.</summary>
    public IReadOnlyList<Share> Buckets { get; }

    /// <summary>This rank's part of every bucket, whose moments it keeps and whose weights it updates.</summary>
    public IReadOnlyList<Share> Owned { get; }

    /// <summary>Entries of all its parts.</summary>
    public long OwnedCount { get; }

    /// <summary>Whether each rank owns a part; else all own everything.</summary>
    public bool Divides { get; }

    /// <summary>The division of a model's parameters.</summary>
    /// <param name="parameters">The flat buffers, allocated.</param>
    /// <param name="ranks">Who shares them.</param>
    /// <param name="divides">Whether moments and updates are divided; without, every rank has all of them.</param>
    public static ParameterShards Of(FlatParameters parameters, ICommunicator ranks, bool divides = true)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(ranks);
        return ranks.World == 1
            ? new ParameterShards([new Share(0, parameters.Count)], ranks, divides: false)
            : new ParameterShards([.. Cut(parameters, ranks.World)], ranks, divides);
    }

    /// <summary>Entries of each rank in a bucket, <c>[World]</c>.</summary>
    internal IReadOnlyList<long> Counts(Share bucket) => Share.Counts(bucket.Count, _ranks.World);

    /// <summary>Of them those in a range, <c>[World]</c>.</summary>
    internal IReadOnlyList<long> Counts(Share bucket, Share range) =>
        [.. Enumerable.Range(0, _ranks.World).Select(rank => OwnedOf(bucket, rank).Within(range).Count)];

    private static IEnumerable<Share> Cut(FlatParameters parameters, int world)
    {
        var first = 0L;
        var enough = Math.Min(MostEntries * Math.Max(1, world / RanksOfMost), parameters.Count / FewestBuckets);
        foreach (var parameter in parameters.All)
        {
            var end = parameter.Offset + parameter.Room;
            if (end - first >= enough || end == parameters.Count)
            {
                yield return new Share(first, end - first);
                first = end;
            }
        }
    }

    private Share OwnedOf(Share bucket, int rank)
    {
        var part = Share.Of(bucket.Count, _ranks.World, rank);
        return part with { First = bucket.First + part.First };
    }
}
