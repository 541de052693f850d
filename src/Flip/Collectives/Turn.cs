namespace Flip.Collectives;

/// <summary>
/// A rank's part of batches that are dealt out in turn: of every <see cref="World"/> neighbours the one whose place is its rank. <c>default</c> is that
/// of a single process: all of them.
/// </summary>
/// <param name="Rank">The rank.</param>
/// <param name="World">Number of ranks.</param>
public readonly record struct Turn(int Rank, int World)
{
    /// <summary>Batches from one of this rank's to its next.</summary>
    public int Step => Math.Max(1, World);

    /// <summary>The part of this rank.</summary>
    public static Turn Of(ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        return new Turn(ranks.Rank, ranks.World);
    }

    /// <summary>Whether a batch is this rank's.</summary>
    /// <param name="batch">Its number, from 0.</param>
    public bool Has(long batch) => batch % Step == Rank;
}
