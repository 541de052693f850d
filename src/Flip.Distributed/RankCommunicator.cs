using Flip.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>All ranks of a training: tensors of the processor and bytes go through MPI, those of a GPU through NCCL.</summary>
public sealed class RankCommunicator : ICommunicator
{
    internal RankCommunicator(MpiCommunicator mpi, CollectiveLimits limits) => (Mpi, _) = (mpi, limits);

    /// <summary>What goes through MPI, and how the ranks end.</summary>
    public MpiCommunicator Mpi { get; }

    /// <summary>NCCL's library, loaded if it can be; or why there is none.</summary>
    public static (CollectiveLibrary? Library, string? Problem) FindNccl() => (null, "not yet");

    /// <inheritdoc/>
    public int Rank => Mpi.Rank;

    /// <inheritdoc/>
    public int World => Mpi.World;

    /// <inheritdoc/>
    public IReadOnlyList<RankPlace> Places => Mpi.Places;

    /// <inheritdoc/>
    public CollectiveCount Sent => Mpi.Sent;

    /// <inheritdoc/>
    public PendingCollective StartSum(Tensor values) => Of(values).StartSum(values);

    /// <inheritdoc/>
    public PendingCollective StartMax(Tensor values) => Of(values).StartMax(values);

    /// <inheritdoc/>
    public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts) => Of(all).StartGather(own, all, counts);

    /// <inheritdoc/>
    public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts) => Of(all).StartScatterSum(all, own, counts);

    /// <inheritdoc/>
    public PendingCollective StartBroadcast(Tensor values, int root = 0) => Of(values).StartBroadcast(values, root);

    /// <inheritdoc/>
    public PendingCollective StartShift(Tensor send, Tensor receive) => Of(send).StartShift(send, receive);

    /// <inheritdoc/>
    public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0) => Mpi.Broadcast(bytes, root);

    /// <inheritdoc/>
    public byte[][] Exchange(ReadOnlySpan<byte> bytes) => Mpi.Exchange(bytes);

    /// <inheritdoc/>
    public void Fail(string reason) => Mpi.Fail(reason);

    /// <inheritdoc/>
    public void Dispose() => Mpi.Dispose();

    private MpiCommunicator Of(Tensor tensor) => Mpi;
}
