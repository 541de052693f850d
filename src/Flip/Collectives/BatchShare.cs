namespace Flip.Collectives;

/// <summary>The consecutive pairs of a batch that this rank computes.</summary>
/// <param name="ranks">All that share the batch.</param>
/// <param name="whole">Pairs of the whole batch, at least one for each rank.</param>
public sealed class BatchShare(ICommunicator ranks, int whole)
{
    private readonly Share _share = Share.Of(
        whole >= ranks.World ? whole : throw new ArgumentException($"A batch of {whole} has no pair for each of {ranks.World} ranks.", nameof(whole)), ranks);

    /// <summary>All that share the batch.</summary>
    public ICommunicator Ranks => ranks;

    /// <summary>Pairs of the whole batch.</summary>
    public int Whole => whole;

    /// <summary>Place of this rank's first pair in the whole batch.</summary>
    public int First => (int)_share.First;

    /// <summary>Pairs of this rank, 1 or more.</summary>
    public int Count => (int)_share.Count;

    /// <summary>Whether this process computes the whole batch.</summary>
    public bool IsWhole => ranks.World == 1;

    /// <summary>Pairs of each rank, <c>[World]</c>.</summary>
    public IReadOnlyList<long> Counts { get; } = Share.Counts(whole, ranks.World);

    /// <summary>A batch of a single process.</summary>
    public static BatchShare Alone(int whole) => new(OneProcess.Instance, whole);
}
