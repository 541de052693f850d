namespace Flip.Distributed;

/// <summary>
/// The end after a failure. Every rank may do last work, such as writing a checkpoint, and must not be killed meanwhile, as launchers do to all once
/// one ends. So each tells rank 0 when it is ready, and that it lives until then; rank 0 bids them farewell once all are ready or silent for too
/// long. No rank waits without end: not for one that is silent, nor beyond the limit of all. For MPI's thread.
/// </summary>
internal sealed class RankClosing
{
    private const int First = 0;
    private const int BeatsOfSilence = 5;

    private readonly RankNotes _notes;
    private readonly int _rank;
    private readonly CollectiveLimits _limits;
    private readonly TimeSpan _since;
    private readonly TimeSpan[] _heard; // when each rank was last heard of
    private readonly bool[] _isReady;
    private readonly bool[] _isGivenUp;
    private TimeSpan _nextBeat;
    private bool _isToldReady;
    private bool _isFarewell;

    public RankClosing(RankNotes notes, int rank, int world, CollectiveLimits limits, TimeSpan now)
    {
        (_notes, _rank, _limits, _since, _nextBeat) = (notes, rank, limits, now, now);
        (_isReady, _isGivenUp, _heard) = (new bool[world], new bool[world], new TimeSpan[world]);
        Array.Fill(_heard, now);
    }

    /// <summary>True where a rank was given up: it has to be killed.</summary>
    public bool HasLost => Enumerable.Range(0, _heard.Length).Any(other => other != _rank && _isGivenUp[other] && !_isReady[other]);

    /// <summary>Ranks that no longer answer are not waited for.</summary>
    public void GiveUp(IReadOnlyList<int> silent)
    {
        foreach (var other in silent)
        {
            _isGivenUp[other] = true;
        }
    }

    /// <summary>A rank was heard of.</summary>
    public void Hear(int from, NoteKind kind, TimeSpan now)
    {
        _heard[from] = now;
        _isReady[from] |= kind == NoteKind.Ready;
        _isFarewell |= kind == NoteKind.Farewell;
    }

    /// <summary>Says what has to be said.</summary>
    /// <param name="isReady">This rank has nothing left to do.</param>
    /// <param name="now">The time.</param>
    /// <returns>True when this rank may end.</returns>
    public bool Step(bool isReady, TimeSpan now)
    {
        for (var other = 0; other < _heard.Length; other++)
        {
            _isGivenUp[other] |= now - _heard[other] > _limits.Silence;
        }

        if (now >= _nextBeat && !_isToldReady)
        {
            _nextBeat = now + (_limits.Silence / BeatsOfSilence);
            Say(NoteKind.Closing);
        }

        if (!isReady)
        {
            return false;
        }

        if (_rank != First && !_isToldReady)
        {
            Say(NoteKind.Ready);
            _isToldReady = true;
        }

        return now - _since > _limits.Closing || (_rank == First ? TryEnd() : _isFarewell || _isGivenUp[First]);
    }

    private bool TryEnd()
    {
        if (!Enumerable.Range(1, _heard.Length - 1).All(other => _isReady[other] || _isGivenUp[other]))
        {
            return false;
        }

        Say(NoteKind.Farewell);
        return true;
    }

    /// <summary>Rank 0 speaks to all, the others to rank 0.</summary>
    private void Say(NoteKind kind)
    {
        var note = new RankNote(kind);
        if (_rank == First)
        {
            _notes.SendToAll(note);
        }
        else
        {
            _notes.Send(note, First);
        }
    }
}
