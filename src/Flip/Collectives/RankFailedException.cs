namespace Flip.Collectives;

/// <summary>Another rank cannot go on, and so no rank can. That rank has shown why.</summary>
/// <param name="rank">The rank.</param>
/// <param name="host">Its machine.</param>
/// <param name="reason">What it said.</param>
public sealed class RankFailedException(int rank, string host, string reason)
    : CollectiveException($"Rank {rank} on {host} failed: {reason}")
{
    /// <summary>The rank that failed.</summary>
    public int Rank { get; } = rank;
}
