using Flip.Collectives;

namespace Flip.Distributed;

/// <summary>
/// Notices that the ranks cannot go on: another one says so, one no longer answers, or an operation takes too long. A rank that waits asks all how many
/// operations they have started, and names those that did not come or do not answer. For MPI's thread; times are those of one clock.
/// </summary>
internal sealed class RankWatch(RankNotes notes, int rank, int world, string host, CollectiveLimits limits)
{
    private const int MostNamed = 8;
    private static readonly TimeSpan HurriedAnswer = TimeSpan.FromSeconds(10); // of a rank on a machine that is busy

    private readonly string[] _hosts = new string[world];
    private readonly List<RankFailure> _heard = [];
    private RankInquiry? _inquiry;
    private TimeSpan _answered; // when all last did

    /// <summary>The first failure that this rank learnt of; null where there is none.</summary>
    public RankFailure? Failure { get; private set; }

    /// <summary>The end after a failure; null where there is none.</summary>
    public RankClosing? Closing { get; private set; }

    /// <summary>True once this process was asked to end, perhaps since another has died: whether all live is then asked at once.</summary>
    public bool IsHurried { get; set; }

    /// <summary>Machines of the ranks, once they are known.</summary>
    public void Know(IReadOnlyList<RankPlace> places)
    {
        foreach (var place in places)
        {
            _hosts[place.Rank] = place.Host;
        }
    }

    /// <summary>What other ranks have said.</summary>
    public IReadOnlyList<RankFailure> Heard
    {
        get
        {
            lock (_heard)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>This rank cannot go on: all others are told.</summary>
    public void Fail(string reason, TimeSpan now, bool isLoss = false, IReadOnlyList<int>? silent = null)
    {
        Begin(new RankFailure(rank, host, reason, IsOwn: true, isLoss, silent ?? []), now);
        notes.SendToAll(new RankNote(NoteKind.Failure, isLoss ? 1 : 0, host, reason, silent));
    }

    /// <summary>Reads the notes that came, and answers.</summary>
    /// <param name="started">Operations that this rank has started.</param>
    /// <param name="now">The time.</param>
    public void Read(long started, TimeSpan now)
    {
        foreach (var (from, note) in notes.Take())
        {
            Closing?.Hear(from, note.Kind, now);
            switch (note.Kind)
            {
                case NoteKind.Failure:
                    Hear(new RankFailure(from, note.Host, note.Text, IsOwn: false, note.Number == 1, note.Silent ?? []), now);
                    break;
                case NoteKind.Inquiry:
                    notes.Send(new RankNote(NoteKind.Answer, started, host), from);
                    _inquiry?.AskedBy(from, note.Number);
                    break;
                case NoteKind.Answer:
                    _inquiry?.Answer(from, note.Number);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Looks whether the operation that this rank waits for takes too long, and on the way whether all live.</summary>
    /// <param name="waited">What it waits for and since when; null for nothing.</param>
    /// <param name="now">The time.</param>
    public void Look((MpiOperation Operation, TimeSpan Since)? waited, TimeSpan now)
    {
        if (Failure is not null || waited is not var (operation, since))
        {
            _inquiry = null;
            return;
        }

        var isTooLong = now - since >= operation.Limit;
        if (_inquiry is null || _inquiry.Number != operation.Number)
        {
            _inquiry = null;
            var quiet = now - (since > _answered ? since : _answered);
            if (isTooLong || quiet >= (IsHurried ? limits.Inquiry : limits.Liveness))
            {
                _inquiry = new RankInquiry(operation.Number, rank, world, now, isTooLong ? limits.Inquiry : IsHurried ? HurriedAnswer : limits.Silence);
                notes.SendToAll(new RankNote(NoteKind.Inquiry, operation.Number));
            }
        }
        else if (_inquiry.IsOver(now))
        {
            var silent = _inquiry.Silent();
            if (isTooLong || silent.Count > 0)
            {
                Fail($"Rank {rank} on {host} waited {(now - since).TotalSeconds:0} s for {operation.Name}; {Who(_inquiry, silent)}", now, isLoss: true, silent);
                return;
            }

            (_inquiry, _answered) = (null, now);
        }
    }

    private void Begin(RankFailure failure, TimeSpan now)
    {
        Failure ??= failure;
        Closing ??= new RankClosing(notes, rank, world, limits, now);
        Closing.GiveUp(failure.Silent);
    }

    private void Hear(RankFailure failure, TimeSpan now)
    {
        lock (_heard)
        {
            _heard.Add(failure);
        }

        Begin(failure, now);
    }

    private string Who(RankInquiry inquiry, IReadOnlyList<int> silent)
    {
        var late = inquiry.Late();
        string[] parts =
        [
            .. silent.Count > 0 ? [$"{Names(silent)} did not come and {(silent.Count == 1 ? "does" : "do")} not answer"] : Array.Empty<string>(),
            .. late.Count > 0 ? [$"{Names(late)} did not come, but {(late.Count == 1 ? "answers" : "answer")}"] : Array.Empty<string>(),
        ];
        return parts.Length > 0
            ? $"{string.Join("; ", parts)}. {CollectiveLimits.TimeoutVariable} is the limit in seconds."
            : $"all ranks came, and the data do not. {CollectiveLimits.TimeoutVariable} is the limit in seconds.";
    }

    private string Names(IReadOnlyList<int> ranks) =>
        $"{(ranks.Count == 1 ? "rank" : "ranks")} {string.Join(", ", ranks.Take(MostNamed).Select(one => _hosts[one] is { } place ? $"{one} on {place}" : $"{one}"))}"
        + (ranks.Count > MostNamed ? $" and {ranks.Count - MostNamed} more" : "");
}
