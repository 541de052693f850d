using System.Diagnostics;
using Flip.Collectives;

namespace Flip.Distributed;

/// <summary>What the threads of a rank and the one that owns MPI tell each other.</summary>
internal sealed class MpiMailbox
{
    private readonly object _gate = new(); // a Monitor, not a Lock: threads wait on it
    private readonly object _work = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Queue<MpiOperation> _posted = new();
    private readonly Queue<string> _reasons = new();
    private (MpiOperation Operation, TimeSpan Since)? _waited;
    private RankFailure? _failure;
    private long _count;
    private long _lastStep;
    private bool _hasWork;

    /// <summary>The time, from the start.</summary>
    public TimeSpan Now => _clock.Elapsed;

    /// <summary>Operations that were handed over.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>How long MPI's thread has been in a call.</summary>
    public TimeSpan Silence => _clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastStep));

    /// <summary>What a rank waits for and since when; null for nothing.</summary>
    public (MpiOperation Operation, TimeSpan Since)? Waited
    {
        get
        {
            lock (_gate)
            {
                return _waited;
            }
        }
    }

    /// <summary>Whether a rank waits for something: what is looked at again and again.</summary>
    public bool IsWaitedFor { get; private set; }

    /// <summary>Why the ranks cannot go on; null where they can.</summary>
    public RankFailure? Failure
    {
        get => Volatile.Read(ref _failure);
        set
        {
            lock (_gate)
            {
                _failure = value;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Hands over an operation.</summary>
    public MpiOperation Post(MpiOperation operation)
    {
        lock (_gate)
        {
            operation.Number = _count++;
            _posted.Enqueue(operation);
        }

        Wake();
        return operation;
    }

    /// <summary>Hands over why this rank cannot go on.</summary>
    public void Post(string reason)
    {
        lock (_gate)
        {
            _reasons.Enqueue(reason);
        }

        Wake();
    }

    /// <summary>Waits until an operation is done.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="spin">How long to look again and again before sleeping.</param>
    /// <param name="patience">How long MPI's thread may be in a call once the operation's time is over.</param>
    /// <exception cref="CollectiveException">It failed, takes too long, or another rank cannot go on.</exception>
    public void Wait(MpiOperation operation, TimeSpan spin, TimeSpan patience)
    {
        var since = Now;
        lock (_gate)
        {
            _waited = (operation, since);
            IsWaitedFor = true;
        }

        while (!operation.IsDone && Now - since < spin)
        {
            Thread.Yield(); // to MPI's thread, where both have one processor
        }

        lock (_gate)
        {
            try
            {
                Sleep(operation, since, patience);
            }
            finally
            {
                _waited = null;
                IsWaitedFor = false;
            }
        }

        if (operation.Fault is { } fault)
        {
            throw new CollectiveException(fault.Message, fault);
        }
    }

    /// <summary>MPI's thread: the next operation; null where there is none, or it has to wait for an earlier one.</summary>
    /// <param name="isFree">Whether the slot of an operation is free.</param>
    public MpiOperation? TryTake(Predicate<MpiOperation> isFree)
    {
        lock (_gate)
        {
            return _posted.TryPeek(out var operation) && isFree(operation) ? _posted.Dequeue() : null;
        }
    }

    /// <summary>MPI's thread: why this rank cannot go on; null where nobody has said so.</summary>
    public string? TryTakeReason()
    {
        lock (_gate)
        {
            return _reasons.TryDequeue(out var reason) ? reason : null;
        }
    }

    /// <summary>MPI's thread: an operation is done, or has failed.</summary>
    public void Done(MpiOperation operation, CollectiveException? fault)
    {
        lock (_gate)
        {
            operation.End(fault);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>MPI's thread: it is in no call.</summary>
    public void Beat() => Interlocked.Exchange(ref _lastStep, Now.Ticks);

    /// <summary>MPI's thread: sleeps until something is handed over, or for so long.</summary>
    /// <returns>Whether something was handed over.</returns>
    public bool WaitForWork(TimeSpan time)
    {
        lock (_work)
        {
            if (!_hasWork)
            {
                Monitor.Wait(_work, time);
            }

            (var had, _hasWork) = (_hasWork, false);
            return had;
        }
    }

    /// <summary>Wakes MPI's thread.</summary>
    public void Wake()
    {
        lock (_work)
        {
            _hasWork = true;
            Monitor.Pulse(_work);
        }
    }

    private void Sleep(MpiOperation operation, TimeSpan since, TimeSpan patience)
    {
        while (!operation.IsDone)
        {
            if (Failure is { } failure)
            {
                throw failure.ToException();
            }

            Monitor.Wait(_gate, TimeSpan.FromSeconds(1));
            if (Now - since > operation.Limit + patience && Silence > patience)
            {
                throw new CollectiveException($"{Environment.MachineName} waited {(Now - since).TotalSeconds:0} s for {operation.Name}, and MPI does not return from a call.");
            }
        }
    }
}
