using Flip.Collectives;
using Flip.Distributed.Interop;
using Flip.Native;

namespace Flip.Distributed;

/// <summary>
/// The thread that owns MPI: it initialises it, makes every call and ends it. Others hand it operations. It starts them in that order, several at a
/// time, and asks MPI again and again how far they are, which is also how MPI gets on.
/// </summary>
/// <remarks>
/// How often it asks: while a rank waits, again and again for <see cref="WaitedSpin"/> since something moved, in turns with other threads, then every
/// <see cref="WaitedPause"/>; while nobody waits, again and again for <see cref="BehindSpin"/>, then every <see cref="BehindPause"/>, so that computing
/// keeps its processors; without an operation every <see cref="IdlePause"/>, which is enough for notes. Without the spinning an operation of a
/// kilobyte took 270 us instead of 40, on two ranks of one machine.
/// </remarks>
internal sealed class MpiThread
{
    private const int Slots = 8; // operations under way at a time, each with a communicator
    private static readonly TimeSpan WaitedSpin = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan WaitedPause = TimeSpan.FromMicroseconds(20);
    private static readonly TimeSpan BehindSpin = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan BehindPause = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LookPause = TimeSpan.FromMicroseconds(200);
    private static readonly TimeSpan FarewellTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FinishTime = TimeSpan.FromSeconds(60);

    private readonly MpiMailbox _mailbox = new();
    private readonly TaskCompletionSource<CollectiveException?> _start = new();
    private readonly List<MpiOperation> _running = [];
    private readonly nint[] _communicators = new nint[Slots];
    private readonly Predicate<MpiOperation> _isFree;
    private readonly Mpi _mpi;
    private readonly CollectiveLimits _limits;
    private readonly Thread _thread;

    private RankWatch? _watch;
    private TimeSpan _moved;
    private TimeSpan _looked;
    private volatile Phase _phase;

    /// <summary>Starts the thread and MPI.</summary>
    /// <exception cref="CollectiveException">MPI does not start.</exception>
    public MpiThread(Mpi mpi, CollectiveLimits limits)
    {
        (_mpi, _limits) = (mpi, limits);
        _isFree = operation => !_running.Exists(other => other.Number % Slots == operation.Number % Slots); // the same slot on all ranks
        _thread = new Thread(Run) { IsBackground = true, Name = "flip-mpi" };
        _thread.Start();
        if (!_start.Task.Wait(limits.Starting))
        {
            throw new CollectiveException($"MPI did not start in {limits.Starting.TotalSeconds:0} s: are all processes there, and can they reach each other?");
        }

        if (_start.Task.Result is { } fault)
        {
            throw fault;
        }
    }

    private enum Phase
    {
        Work,
        Finish, // all is done
        Close, // after a failure, this rank has nothing left to do
        Left,
    }

    /// <summary>This process.</summary>
    public int Rank { get; private set; }

    /// <summary>Number of processes.</summary>
    public int World { get; private set; }

    /// <summary>The transfers of operations.</summary>
    public Transfers Transfers { get; private set; } = null!;

    /// <summary>This process was asked to end: a rank that has died is not waited for.</summary>
    public void Hurry() => _watch!.IsHurried = true;

    /// <summary>Why the ranks cannot go on; null where they can.</summary>
    public RankFailure? Failure => _mailbox.Failure;

    /// <summary>What other ranks have said why they cannot.</summary>
    public IReadOnlyList<RankFailure> Heard => _watch!.Heard;

    /// <summary>Machines of the ranks, for messages.</summary>
    public void Know(IReadOnlyList<RankPlace> places) => _watch!.Know(places);

    /// <summary>Hands over an operation.</summary>
    public MpiOperation Post(MpiOperation operation) => _mailbox.Post(operation);

    /// <summary>Waits until an operation is done.</summary>
    /// <exception cref="CollectiveException">It failed, takes too long, or another rank cannot go on.</exception>
    public void Wait(MpiOperation operation) => _mailbox.Wait(operation, BehindSpin, 4 * _limits.Inquiry);

    /// <summary>Tells all ranks that this one cannot go on.</summary>
    public void Fail(string reason) => _mailbox.Post(reason);

    /// <summary>Ends MPI: all ranks come, or after a failure all that still can. May take as long as their last work.</summary>
    public void End(bool hasFailed)
    {
        _phase = hasFailed ? Phase.Close : Phase.Finish;
        _mailbox.Wake();
        var since = _mailbox.Now;
        while (!_thread.Join(TimeSpan.FromSeconds(1)))
        {
            if (_mailbox.Silence > (hasFailed ? _limits.Silence : FinishTime) || _mailbox.Now - since > _limits.Closing + _limits.Silence)
            {
                return; // a call of MPI does not return; the process ends without it
            }
        }
    }

    private void Run()
    {
        try
        {
            Start();
        }
        catch (Exception e)
        {
            _start.SetResult(e as CollectiveException ?? new CollectiveException($"MPI cannot be used: {e.Message}", e));
            return;
        }

        _start.SetResult(null);
        while (_phase != Phase.Left)
        {
            try
            {
                Pause(Step());
            }
            catch (Exception e)
            {
                _watch!.Fail(e.Message, _mailbox.Now, isLoss: true);
                _mailbox.Failure = _watch.Failure;
            }
        }
    }

    private void Start()
    {
        using (new SignalHandlers())
        {
            _mpi.Start();
        }

        (Rank, World) = _mpi.Size();
        for (var slot = 0; slot < Slots; slot++)
        {
            _communicators[slot] = _mpi.Duplicate();
        }

        Transfers = new Transfers(_mpi, Rank, World, _limits);
        _watch = new RankWatch(new RankNotes(_mpi, _mpi.Duplicate(), Rank, World), Rank, World, Environment.MachineName, _limits);
    }

    /// <summary>Does all that can be done without waiting.</summary>
    /// <returns>Whether something moved.</returns>
    private bool Step()
    {
        _mailbox.Beat();
        var hasMoved = _watch!.Failure is null && (BeginPosted() | GoOn());
        if (!hasMoved && _mailbox.Now - _looked > LookPause)
        {
            Look();
            _looked = _mailbox.Now;
        }

        if (_phase == Phase.Finish && _running.Count == 0)
        {
            _phase = Phase.Left;
            Mpi.Finish();
        }

        return hasMoved;
    }

    private bool BeginPosted()
    {
        var hasBegun = false;
        while (_running.Count < Slots && _mailbox.TryTake(_isFree) is { } operation)
        {
            hasBegun = true;
            _running.Add(operation);
            Advance(operation, isNew: true);
        }

        return hasBegun;
    }

    private bool GoOn()
    {
        var hasMoved = false;
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            var operation = _running[i];
            operation.HasMoved = false;
            Advance(operation, isNew: false);
            hasMoved |= operation.HasMoved;
        }

        return hasMoved;
    }

    private void Advance(MpiOperation operation, bool isNew)
    {
        CollectiveException? fault = null;
        try
        {
            if (!(isNew ? operation.Begin(_communicators[operation.Number % Slots], _mpi) : operation.GoOn(_mpi)))
            {
                return;
            }
        }
        catch (Exception e)
        {
            fault = e as CollectiveException ?? new CollectiveException($"{operation.Name} failed: {e.Message}", e);
        }

        _running.Remove(operation);
        _mailbox.Done(operation, fault);
    }

    /// <summary>Notes, failures, and whether something takes too long.</summary>
    private void Look()
    {
        var now = _mailbox.Now;
        if (_mailbox.TryTakeReason() is { } reason)
        {
            _watch!.Fail(reason, now);
        }

        _watch!.Read(_mailbox.Count, now);
        _watch.Look(_mailbox.Waited, now);
        if (_watch.Failure != _mailbox.Failure)
        {
            _mailbox.Failure = _watch.Failure;
        }

        if (_watch.Closing is { } closing && closing.Step(_phase == Phase.Close, now))
        {
            Leave(closing);
        }
    }

    /// <summary>Ends after a failure, without MPI_Finalize, for which all ranks would have to come. A rank that is lost is killed with all others.</summary>
    private void Leave(RankClosing closing)
    {
        for (var until = _mailbox.Now + FarewellTime; _mailbox.Now < until; Thread.Sleep(IdlePause))
        {
            _watch!.Read(_mailbox.Count, _mailbox.Now); // what is on its way gets there
        }

        if (closing.HasLost)
        {
            _mpi.Abort(CollectiveLimits.LostCode);
        }

        _phase = Phase.Left;
    }

    private void Pause(bool hasMoved)
    {
        var now = _mailbox.Now;
        if (hasMoved)
        {
            _moved = now;
        }
        else if (_watch!.Failure is not null || (_running.Count == 0 && now - _moved >= BehindSpin))
        {
            _moved = _mailbox.WaitForWork(IdlePause) ? _mailbox.Now : _moved;
        }
        else if (now - _moved < (_mailbox.IsWaitedFor ? WaitedSpin : BehindSpin))
        {
            Thread.Yield();
        }
        else
        {
            NativeEnvironment.Sleep(_mailbox.IsWaitedFor ? WaitedPause : BehindPause);
        }
    }
}
