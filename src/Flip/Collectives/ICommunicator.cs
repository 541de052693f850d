using static TorchSharp.torch;

namespace Flip.Collectives;

/// <summary>
/// The processes that share one piece of work, its ranks, and what they exchange. Every rank calls the same operations in the same order with
/// tensors of the same sizes; an operation that is started is done on all ranks or fails. Tensors are contiguous, and neither read (where
/// written) nor written before <see cref="PendingCollective.Wait"/> returns. For one thread.
/// </summary>
public interface ICommunicator : IDisposable
{
    /// <summary>This process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes; 1 where nothing is shared.</summary>
    int World { get; }

    /// <summary>Where every rank runs, <c>[World]</c>.</summary>
    IReadOnlyList<RankPlace> Places { get; }

    /// <summary>What this rank has handed over so far.</summary>
    CollectiveCount Sent { get; }

    /// <summary>Each entry becomes the sum of all ranks' (all-reduce).</summary>
    /// <param name="values">fp32, fp64 or int64, of the same shape on all ranks; overwritten.</param>
    PendingCollective StartSum(Tensor values);

    /// <summary>Each entry becomes the largest of all ranks' (all-reduce).</summary>
    /// <param name="values">fp32, fp64 or int64, of the same shape on all ranks; overwritten.</param>
    PendingCollective StartMax(Tensor values);

    /// <summary>Puts the ranks' rows one behind another on every rank (all-gather).</summary>
    /// <param name="own">This rank's rows, of any type, <c>[counts[Rank], ...]</c>; may be the view of <paramref name="all"/> where they go.</param>
    /// <param name="all">Receives the rows of rank 0, 1, ..., <c>[sum of counts, ...]</c>.</param>
    /// <param name="counts">Rows of each rank, 0 or more, <c>[World]</c>.</param>
    PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts);

    /// <summary>Sums rows over the ranks and leaves each rank its own (reduce-scatter).</summary>
    /// <param name="all">fp32 or fp64, of the same shape on all ranks, <c>[sum of counts, ...]</c>; undefined afterwards.</param>
    /// <param name="own">Receives the sum of this rank's rows, <c>[counts[Rank], ...]</c>; may be the view of <paramref name="all"/> where they are.</param>
    /// <param name="counts">Rows of each rank, 0 or more, <c>[World]</c>.</param>
    PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts);

    /// <summary>Each entry becomes that of one rank.</summary>
    /// <param name="values">Of any type, of the same shape on all ranks; overwritten but on <paramref name="root"/>.</param>
    /// <param name="root">The rank that has them.</param>
    PendingCollective StartBroadcast(Tensor values, int root = 0);

    /// <summary>Sends to the rank before this one and receives from the one behind it, in a ring.</summary>
    /// <param name="send">What goes to rank (<see cref="Rank"/> - 1) mod <see cref="World"/>; of any type.</param>
    /// <param name="receive">Receives what rank (<see cref="Rank"/> + 1) mod <see cref="World"/> sends: it has that one's size.</param>
    PendingCollective StartShift(Tensor send, Tensor receive);

    /// <summary>Gives one rank's bytes to all; waits.</summary>
    /// <param name="bytes">What <paramref name="root"/> has; ignored on the others.</param>
    /// <param name="root">The rank that has them.</param>
    byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0);

    /// <summary>Gives every rank's bytes to all; waits.</summary>
    /// <param name="bytes">This rank's, of any length.</param>
    /// <returns>One array a rank, in their order.</returns>
    byte[][] Exchange(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Tells all ranks that this one cannot go on, and why. Whatever they wait for then fails with a <see cref="RankFailedException"/>. Does not
    /// wait, and never fails itself.
    /// </summary>
    /// <param name="reason">One line.</param>
    void Fail(string reason);
}
