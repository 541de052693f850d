using Flip.Collectives;
using Flip.Distributed.Interop;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>An operation that was handed to MPI's thread.</summary>
/// <param name="thread">The thread.</param>
/// <param name="name">What it is, for who waits too long: "the sum of 1024 numbers".</param>
/// <param name="start">Its transfers on a communicator.</param>
/// <param name="held">Tensors whose memory it uses; they are of no dispose scope, and are disposed of when it is done.</param>
internal sealed class MpiOperation(MpiThread thread, string name, Func<nint, IEnumerable<MpiRequest>> start, params Tensor[] held) : PendingCollective
{
    private IEnumerator<MpiRequest>? _transfers;
    private volatile bool _isDone;

    /// <summary>What it is.</summary>
    public string Name => name;

    /// <summary>Its number among this rank's, from 0.</summary>
    public long Number { get; set; }

    /// <summary>How long it may take from when this rank waits for it.</summary>
    public TimeSpan Limit { get; init; }

    /// <summary>True once the result is there, or it has failed.</summary>
    public bool IsDone => _isDone;

    /// <summary>What it failed with; null where it did not.</summary>
    public CollectiveException? Fault { get; private set; }

    /// <inheritdoc/>
    public override void Wait() => thread.Wait(this);

    /// <summary>Starts it.</summary>
    /// <param name="communicator">One that nothing else uses until it is done.</param>
    /// <param name="mpi">MPI.</param>
    /// <returns>Whether it is done.</returns>
    public bool Begin(nint communicator, Mpi mpi)
    {
        _transfers = start(communicator).GetEnumerator();
        return Move() || GoOn(mpi);
    }

    /// <summary>Takes it as far as it goes without waiting.</summary>
    /// <returns>Whether it is done.</returns>
    public bool GoOn(Mpi mpi)
    {
        while (mpi.IsDone(_transfers!.Current))
        {
            HasMoved = true;
            if (Move())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if it has got on since the last question.</summary>
    public bool HasMoved { get; set; }

    /// <summary>Ends it. The memory of one that failed stays where it is: MPI may still write into it.</summary>
    public void End(CollectiveException? fault)
    {
        Fault = fault;
        if (fault is null)
        {
            _transfers!.Dispose();
            Array.ForEach(held, tensor => tensor.Dispose());
        }

        _isDone = true;
    }

    private bool Move() => !_transfers!.MoveNext();
}
