namespace Flip.Distributed;

/// <summary>A question to all ranks: who has started the operation of this number? Of several ranks that ask at once, the lowest tells the others.</summary>
internal sealed class RankInquiry(long number, int rank, int world, TimeSpan since, TimeSpan patience)
{
    private readonly long?[] _started = new long?[world];
    private bool _isAskedByLower;

    /// <summary>Number of the operation.</summary>
    public long Number => number;

    /// <summary>Another rank asks.</summary>
    public void AskedBy(int other, long otherNumber) => _isAskedByLower |= other < rank && otherNumber == number;

    /// <summary>A rank answers.</summary>
    public void Answer(int other, long started) => _started[other] = started;

    /// <summary>Whether all have answered or there was time enough. A rank that leaves it to a lower one waits longer.</summary>
    public bool IsOver(TimeSpan now) =>
        now - since > (_isAskedByLower ? 3 * patience : patience) || (!_isAskedByLower && now - since > patience / 3 && Silent().Count == 0);

    /// <summary>Ranks that have not answered.</summary>
    public IReadOnlyList<int> Silent() => [.. Others().Where(other => _started[other] is null)];

    /// <summary>Ranks that have answered, and not started the operation.</summary>
    public IReadOnlyList<int> Late() => [.. Others().Where(other => _started[other] <= number)];

    private IEnumerable<int> Others() => Enumerable.Range(0, world).Where(other => other != rank);
}
