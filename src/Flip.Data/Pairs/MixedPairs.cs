using Flip.Data.Order;

namespace Flip.Data.Pairs;

/// <summary>Pairs of several sources, mixed by weights that may change in the course of a training.</summary>
/// <param name="sources">The sources.</param>
/// <param name="phases">From which position on, 0 first, what weight each source has.</param>
public sealed class MixedPairs(IReadOnlyList<PairSet> sources, IReadOnlyList<(long From, IReadOnlyList<double> Weights)> phases) : PairSet
{
    private readonly long[] _firsts = [0, .. Sums(sources.Select(source => source.Count))];

    /// <inheritdoc/>
    public override IReadOnlyList<PairPart> Parts { get; } =
        [.. sources.SelectMany((source, i) => source.Parts.Select(part => part with { Name = FormattableString.Invariant($"{i}:{part.Name}") }))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Findings { get; } = [.. sources.SelectMany(source => source.Findings)];

    /// <inheritdoc/>
    public override string Describe(long pair)
    {
        var (source, inner) = Locate(pair);
        return sources[source].Describe(inner);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> ReadCaptions(long most = long.MaxValue) => sources.SelectMany(source => source.ReadCaptions(
        Count <= most ? long.MaxValue : Math.Max(1, (long)(most * ((double)source.Count / Count)))));

    /// <inheritdoc/>
    internal override ISampleOrder Order(ulong seed, int shuffleShards) => new MixedOrder(
        [.. sources.Select((source, i) => new SampleOrder([.. source.Parts.Select(part => part.Count)], seed + (ulong)i, shuffleShards))], phases);

    /// <inheritdoc/>
    internal override IPairFiles Open() => new Files(this, [.. sources.Select(source => source.Open())]);

    private static IEnumerable<long> Sums(IEnumerable<long> counts)
    {
        var sum = 0L;
        foreach (var count in counts)
        {
            yield return sum += count;
        }
    }

    private (int Source, long Pair) Locate(long pair)
    {
        var source = SampleOrder.Locate(_firsts, pair).Shard;
        return (source, pair - _firsts[source]);
    }

    private sealed class Files(MixedPairs pairs, IPairFiles[] files) : IPairFiles
    {
        public void Begin(ISampleOrder order, int source, long start)
        {
            for (var each = 0; each < files.Length; each++)
            {
                files[each].Begin(order, each, start);
            }
        }

        public bool ReadsAhead => files.Any(file => file.ReadsAhead);

        public void Ahead(long position, IReadOnlyList<long> all)
        {
            var bySource = all.Select(pairs.Locate).ToLookup(found => found.Source, found => found.Pair);
            for (var source = 0; source < files.Length; source++)
            {
                files[source].Ahead(position, [.. bySource[source]]);
            }
        }

        public IPair At(long pair)
        {
            var (source, inner) = pairs.Locate(pair);
            return files[source].At(inner);
        }

        public void Dispose()
        {
            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }
}
