namespace Flip.Collectives;

/// <summary>A rank's part of rows or entries that are divided among all: consecutive ones, in the ranks' order, whose numbers differ by one at most.</summary>
/// <param name="First">The first one.</param>
/// <param name="Count">How many; may be 0.</param>
public readonly record struct Share(long First, long Count)
{
    /// <summary>The one behind the last.</summary>
    public long End => First + Count;

    /// <summary>Those of this range that lie in another one; where none do, nothing at a place of the other one.</summary>
    public Share Within(Share other)
    {
        var (first, end) = (Math.Min(Math.Max(First, other.First), other.End), Math.Min(End, other.End));
        return new Share(first, Math.Max(0, end - first));
    }

    /// <summary>A rank's part; ranks at the front have the larger ones.</summary>
    /// <param name="total">Rows of all.</param>
    /// <param name="world">Number of ranks.</param>
    /// <param name="rank">The rank.</param>
    public static Share Of(long total, int world, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, world);
        var (each, more) = Math.DivRem(total, world);
        return new Share((each * rank) + Math.Min(rank, more), each + (rank < more ? 1 : 0));
    }

    /// <summary>The part of this rank.</summary>
    public static Share Of(long total, ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        return Of(total, ranks.World, ranks.Rank);
    }

    /// <summary>The rows of every rank, <c>[world]</c>.</summary>
    public static long[] Counts(long total, int world) => [.. Enumerable.Range(0, world).Select(rank => Of(total, world, rank).Count)];
}
