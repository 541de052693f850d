namespace Flip.Data.Order;

/// <summary>
/// Which source has which positions, again and again the same: of a cycle's positions each source has as many as its weight comes to, spread as evenly as whole places can be.
/// Shares are exact to a thousandth of a percent.
/// </summary>
internal sealed class MixtureCycle
{
    private const int Length = 1 << 16;

    private readonly ushort[] _sourceAt = new ushort[Length];
    private readonly int[] _rankAt = new int[Length]; // samples of the same source before it in the cycle
    private readonly int[][] _places; // of each source, ascending

    /// <summary>A cycle.</summary>
    /// <param name="weights">The sources' weights, any scale; 0 for none, not all 0.</param>
    public MixtureCycle(IReadOnlyList<double> weights)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weights.Count, ushort.MaxValue, nameof(weights));
        var sum = weights.Sum();
        if (!(sum > 0) || !double.IsFinite(sum) || weights.Any(weight => weight < 0))
        {
            throw new ArgumentOutOfRangeException(nameof(weights), "Weights are not negative, and one is above 0.");
        }

        // At each place the source that is furthest behind its share: the largest of what it should have minus what it has.
        var counts = new int[weights.Count];
        for (var place = 0; place < Length; place++)
        {
            var (best, behind) = (-1, double.NegativeInfinity);
            for (var source = 0; source < weights.Count; source++)
            {
                var lag = (weights[source] / sum * (place + 1)) - counts[source];
                (best, behind) = weights[source] > 0 && lag > behind ? (source, lag) : (best, behind);
            }

            (_sourceAt[place], _rankAt[place]) = ((ushort)best, counts[best]++);
        }

        _places = [.. counts.Select(count => new int[count])];
        for (var place = 0; place < Length; place++)
        {
            _places[_sourceAt[place]][_rankAt[place]] = place;
        }
    }

    /// <summary>The source at a place of the endless repetition, and how many of its samples stand before.</summary>
    public (int Source, long Rank) At(long place)
    {
        var (cycle, at) = (place / Length, place % Length);
        int source = _sourceAt[at];
        return (source, (cycle * _places[source].Length) + _rankAt[at]);
    }

    /// <summary>How many samples of a source stand before a place.</summary>
    public long Before(long place, int source)
    {
        var (cycle, at) = (place / Length, (int)(place % Length));
        var found = Array.BinarySearch(_places[source], at);
        return (cycle * _places[source].Length) + (found < 0 ? ~found : found);
    }
}
