using Flip.Collectives;

namespace Flip.Distributed;

/// <summary>Why the ranks cannot go on.</summary>
/// <param name="Rank">The rank that found out.</param>
/// <param name="Host">Its machine.</param>
/// <param name="Reason">One line.</param>
/// <param name="IsOwn">It is this rank.</param>
/// <param name="IsLoss">Ranks were lost; else one of them reports an error of its own.</param>
/// <param name="Silent">Ranks that no longer answer.</param>
internal sealed record RankFailure(int Rank, string Host, string Reason, bool IsOwn, bool IsLoss, IReadOnlyList<int> Silent)
{
    /// <summary>What whoever waits gets: the rank that found out the reason itself, the others that it is that one.</summary>
    public CollectiveException ToException() => IsOwn
        ? new CollectiveException(Reason) { IsLoss = IsLoss }
        : new RankFailedException(Rank, Host, Reason) { IsLoss = IsLoss };
}
