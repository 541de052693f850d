namespace Flip.Data.Order;

/// <summary>
/// Several sources as one sequence: at each position stands the next sample of one of them, in its own order and epoch. Which source it is, is a function of the position: in each
/// cycle of positions a source has its share of them, evenly spread, so every batch has nearly the same mixture. The shares may change at given positions.
/// </summary>
internal sealed class MixedOrder : ISampleOrder
{
    private readonly SampleOrder[] _sources;
    private readonly long[] _firstSamples;
    private readonly Phase[] _phases;

    /// <summary>An order over sources.</summary>
    /// <param name="sources">The order of each source.</param>
    /// <param name="phases">From which position on, 0 first, what weight each source has.</param>
    public MixedOrder(IReadOnlyList<SampleOrder> sources, IReadOnlyList<(long From, IReadOnlyList<double> Weights)> phases)
    {
        ArgumentOutOfRangeException.ThrowIfZero(phases.Count, nameof(phases));
        ArgumentOutOfRangeException.ThrowIfNotEqual(phases[0].From, 0, nameof(phases));
        _sources = [.. sources];
        _firstSamples = new long[sources.Count + 1];
        for (var i = 0; i < sources.Count; i++)
        {
            _firstSamples[i + 1] = _firstSamples[i] + _sources[i].SamplesPerEpoch;
        }

        _phases = new Phase[phases.Count];
        var before = new long[sources.Count];
        for (var i = 0; i < phases.Count; i++)
        {
            if (i > 0)
            {
                ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(phases[i].From, phases[i - 1].From, nameof(phases));
                before = [.. before.Select((count, source) => count + _phases[i - 1].Cycle.Before(phases[i].From - phases[i - 1].From, source))];
            }

            _phases[i] = new Phase(phases[i].From, new MixtureCycle(phases[i].Weights), before);
        }
    }

    /// <inheritdoc/>
    public long SamplesPerEpoch => _firstSamples[^1];

    /// <inheritdoc/>
    public OrderedSample At(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        var (source, place) = Locate(position);
        var found = _sources[source].At(place);
        return found with { Place = _firstSamples[source] + found.Place, Sample = _firstSamples[source] + found.Sample };
    }

    /// <inheritdoc/>
    public (long First, long Count) SourceOf(long sample)
    {
        var source = SampleOrder.Locate(_firstSamples, sample).Shard;
        return (_firstSamples[source], _sources[source].SamplesPerEpoch);
    }

    /// <inheritdoc/>
    public IEnumerable<(int Shard, long End)> ShardsFrom(int source, long position) => _sources[source].ShardsFrom(0, Reached(position, source))
        .Select(next => (next.Shard, End: PositionAt(source, next.End)))
        .TakeWhile(next => next.End != long.MaxValue);

    /// <summary>How many samples of a source stand before a position.</summary>
    private long Reached(long position, int source)
    {
        var phase = PhaseOf(position);
        return phase.Counts[source] + phase.Cycle.Before(position - phase.From, source);
    }

    /// <summary>The first position before which a source has given so many samples; the largest number where it never does.</summary>
    private long PositionAt(int source, long count)
    {
        var (low, high) = (0L, 1L);
        while (Reached(high, source) < count)
        {
            if (high > long.MaxValue / 4)
            {
                return long.MaxValue;
            }

            high *= 2;
        }

        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = Reached(middle, source) < count ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private (int Source, long Place) Locate(long position)
    {
        var phase = PhaseOf(position);
        var (source, rank) = phase.Cycle.At(position - phase.From);
        return (source, phase.Counts[source] + rank);
    }

    private Phase PhaseOf(long position)
    {
        var i = _phases.Length - 1;
        while (_phases[i].From > position)
        {
            i--;
        }

        return _phases[i];
    }

    /// <param name="From">Its first position.</param>
    /// <param name="Cycle">Who has which positions.</param>
    /// <param name="Counts">Samples that each source has given before.</param>
    private sealed record Phase(long From, MixtureCycle Cycle, long[] Counts);
}
