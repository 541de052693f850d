using System.Diagnostics;
using Flip.Collectives;
using Flip.Distributed.Interop;
using Flip.Native;

namespace Flip.Distributed;

/// <summary>
/// The thread that owns MPI: it initialises it, makes every call and ends it. Others hand it operations. It starts them in that order, several at a
/// time, and asks MPI again and again how far they are, which is also how MPI gets on.
/// </summary>
/// <remarks>
/// How often it asks: while a rank waits, again and again for <see cref="SpinTime"/> since something moved, in turns with other threads, then every
/// <see cref="WaitedPause"/>; while nobody waits, every <see cref="BehindPause"/>, so that computing keeps its processors; without an operation
/// every <see cref="IdlePause"/>, which is enough for notes.
/// </remarks>
internal sealed class MpiThread
{
    private const int Slots = 8; // operations under way at a time, each with a communicator
    private static readonly TimeSpan SpinTime = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan WaitedPause = TimeSpan.FromMicroseconds(20);
    private static readonly TimeSpan BehindPause = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LookPause = TimeSpan.FromMicroseconds(200);
    private static readonly TimeSpan FarewellTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FinishTime = TimeSpan.FromSeconds(60);

    private readonly object _gate = new(); // a Monitor, not a Lock: threads wait on it
    private readonly AutoResetEvent _work = new(false);
    private readonly ManualResetEventSlim _hasStarted = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Queue<MpiOperation> _posted = new();
    private readonly Queue<string> _reasons = new();
    private readonly List<MpiOperation> _running = [];
    private readonly nint[] _communicators = new nint[Slots];
    private readonly Mpi _mpi;
    private readonly CollectiveLimits _limits;
    private readonly Thread _thread;

    private CollectiveException? _startFault;
    private RankWatch? _watch;
    private (MpiOperation Operation, TimeSpan Since)? _waited;
    private long _count;
    private long _lastStep;
    private TimeSpan _moved;
    private TimeSpan _looked;
    private volatile Phase _phase;

    /// <summary>Starts the thread and MPI.</summary>
    /// <exception cref="CollectiveException">MPI does not start.</exception>
    public MpiThread(Mpi mpi, CollectiveLimits limits)
    {
        (_mpi, _limits) = (mpi, limits);
        _thread = new Thread(Run) { IsBackground = true, Name = "flip-mpi" };
        _thread.Start();
        if (!_hasStarted.Wait(limits.Timeout))
        {
            throw new CollectiveException($"MPI did not start in {limits.Timeout.TotalSeconds:0} s: are all processes there, and can they reach each other?");
        }

        if (_startFault is not null)
        {
            throw _startFault;
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

    /// <summary>Why the ranks cannot go on; null where they can.</summary>
    public RankFailure? Failure => _watch!.Failure;

    /// <summary>What other ranks have said why they cannot.</summary>
    public IReadOnlyList<RankFailure> Heard => _watch!.Heard;

    /// <summary>Machines of the ranks, for messages.</summary>
    public void Know(IReadOnlyList<RankPlace> places) => _watch!.Know(places);

    /// <summary>Hands over an operation.</summary>
    public MpiOperation Post(MpiOperation operation)
    {
        lock (_gate)
        {
            operation.Number = _count++;
            _posted.Enqueue(operation);
        }

        _work.Set();
        return operation;
    }

    /// <summary>Waits until an operation is done.</summary>
    /// <exception cref="CollectiveException">It failed, takes too long, or another rank cannot go on.</exception>
    public void Wait(MpiOperation operation)
    {
        lock (_gate)
        {
            var since = _clock.Elapsed;
            _waited = (operation, since);
            _work.Set();
            try
            {
                while (!operation.IsDone)
                {
                    if (Failure is { } failure)
                    {
                        throw failure.ToException();
                    }

                    Monitor.Wait(_gate, TimeSpan.FromSeconds(1));
                    CheckThread(operation, since);
                }
            }
            finally
            {
                _waited = null;
            }
        }

        if (operation.Fault is { } fault)
        {
            throw new CollectiveException(fault.Message, fault);
        }
    }

    /// <summary>Tells all ranks that this one cannot go on.</summary>
    public void Fail(string reason)
    {
        lock (_gate)
        {
            _reasons.Enqueue(reason);
        }

        _work.Set();
    }

    /// <summary>Ends MPI: all ranks come, or after a failure all that still can. May take as long as their last work.</summary>
    public void End(bool hasFailed)
    {
        lock (_gate)
        {
            _phase = _phase == Phase.Left ? Phase.Left : hasFailed ? Phase.Close : Phase.Finish;
        }

        _work.Set();
        var since = _clock.Elapsed;
        while (!_thread.Join(TimeSpan.FromSeconds(1)))
        {
            var silence = _clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastStep));
            if (silence > (hasFailed ? _limits.Silence : FinishTime) || _clock.Elapsed - since > _limits.Closing + _limits.Silence)
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
            _startFault = e as CollectiveException ?? new CollectiveException($"MPI cannot be used: {e.Message}", e);
        }

        _hasStarted.Set();
        while (_startFault is null && _phase != Phase.Left)
        {
            try
            {
                Pause(Step());
            }
            catch (Exception e)
            {
                _watch!.Fail(e.Message, _clock.Elapsed);
                Wake();
            }
        }
    }

    private void Start()
    {
        NativeEnvironment.PrepareMpi();
        _mpi.Start();
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
        Interlocked.Exchange(ref _lastStep, _clock.Elapsed.Ticks);
        var hasMoved = false;
        if (_watch!.Failure is null)
        {
            hasMoved = BeginPosted() | GoOn();
        }

        if (!hasMoved && _clock.Elapsed - _looked > LookPause)
        {
            Look();
            _looked = _clock.Elapsed;
        }

        if (_phase == Phase.Finish && _running.Count == 0)
        {
            _phase = Phase.Left;
            _mpi.Finish();
        }

        return hasMoved;
    }

    private bool BeginPosted()
    {
        var hasBegun = false;
        while (_running.Count < Slots)
        {
            MpiOperation operation;
            lock (_gate)
            {
                // The slot of its number: the same on all ranks.
                if (!_posted.TryPeek(out operation!) || _running.Exists(other => other.Number % Slots == operation.Number % Slots))
                {
                    break;
                }

                _posted.Dequeue();
            }

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
        lock (_gate)
        {
            operation.End(fault);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Notes, failures, and whether something takes too long.</summary>
    private void Look()
    {
        (MpiOperation, TimeSpan)? waited;
        string? reason;
        lock (_gate)
        {
            waited = _waited;
            _reasons.TryDequeue(out reason);
        }

        var before = _watch!.Failure;
        var now = _clock.Elapsed;
        if (reason is not null)
        {
            _watch.Fail(reason, now);
        }

        _watch.Read(Interlocked.Read(ref _count), now);
        _watch.Look(waited, now);
        if (_watch.Failure != before)
        {
            Wake();
        }

        if (_watch.Closing is { } closing && closing.Step(_phase == Phase.Close, now))
        {
            Leave(closing);
        }
    }

    /// <summary>Ends after a failure, without MPI_Finalize, for which all ranks would have to come. A rank that is lost is killed with all others.</summary>
    private void Leave(RankClosing closing)
    {
        for (var until = _clock.Elapsed + FarewellTime; _clock.Elapsed < until; Thread.Sleep(IdlePause))
        {
            _watch!.Read(0, _clock.Elapsed);
        }

        if (closing.HasLost)
        {
            _mpi.Abort(1);
        }

        _phase = Phase.Left;
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void Pause(bool hasMoved)
    {
        if (hasMoved)
        {
            _moved = _clock.Elapsed;
        }
        else if (_running.Count == 0 || _watch!.Failure is not null)
        {
            _work.WaitOne(IdlePause);
            _moved = _clock.Elapsed;
        }
        else if (_waited is null)
        {
            NativeEnvironment.Sleep(BehindPause);
        }
        else if (_clock.Elapsed - _moved < SpinTime)
        {
            Thread.Yield();
        }
        else
        {
            NativeEnvironment.Sleep(WaitedPause);
        }
    }

    private void CheckThread(MpiOperation operation, TimeSpan since)
    {
        var limit = operation.Limit + (4 * _limits.Inquiry);
        if (_clock.Elapsed - since > limit && _clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastStep)) > _limits.Inquiry)
        {
            throw new CollectiveException($"Rank {Rank} on {Environment.MachineName} waited {limit.TotalSeconds:0} s for {operation.Name}, and MPI does not return from a call.");
        }
    }
}
