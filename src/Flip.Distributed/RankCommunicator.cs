using Flip.Collectives;
using Flip.Distributed.Interop;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>All ranks of a training: tensors of the processor and bytes go through MPI, those of a GPU through NCCL, which starts with the first.</summary>
public sealed class RankCommunicator : ICommunicator
{
    private readonly CollectiveLimits _limits;
    private NcclRanks? _nccl;

    internal RankCommunicator(MpiCommunicator mpi, CollectiveLimits limits) => (Mpi, _limits) = (mpi, limits);

    /// <summary>What goes through MPI, and how the ranks end.</summary>
    public MpiCommunicator Mpi { get; }

    /// <inheritdoc/>
    public int Rank => Mpi.Rank;

    /// <inheritdoc/>
    public int World => Mpi.World;

    /// <inheritdoc/>
    public IReadOnlyList<RankPlace> Places => Mpi.Places;

    /// <inheritdoc/>
    public CollectiveCount Sent => Mpi.Sent + (_nccl?.Sent ?? default);

    /// <summary>NCCL's library, loaded if it can be; or why there is none, and what to do.</summary>
    public static (CollectiveLibrary? Library, string? Problem) FindNccl() =>
        NcclLibrary.Loaded is { Version: { } version, Path: { } path } ? (new CollectiveLibrary($"NCCL {version}", path), null) : (null, NcclLibrary.Loaded.Problem);

    /// <inheritdoc/>
    public PendingCollective StartSum(Tensor values) => GpuOf(values) is { } gpu ? gpu.StartReduce(values, NcclOperation.Sum) : Mpi.StartSum(values);

    /// <inheritdoc/>
    public PendingCollective StartMax(Tensor values) => GpuOf(values) is { } gpu ? gpu.StartReduce(values, NcclOperation.Max) : Mpi.StartMax(values);

    /// <inheritdoc/>
    public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts) =>
        GpuOf(all) is { } gpu ? gpu.StartGather(own, all, counts) : Mpi.StartGather(own, all, counts);

    /// <inheritdoc/>
    public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts) =>
        GpuOf(all) is { } gpu ? gpu.StartScatterSum(all, own, counts) : Mpi.StartScatterSum(all, own, counts);

    /// <inheritdoc/>
    public PendingCollective StartBroadcast(Tensor values, int root = 0) =>
        GpuOf(values) is { } gpu ? gpu.StartBroadcast(values, root) : Mpi.StartBroadcast(values, root);

    /// <inheritdoc/>
    public PendingCollective StartShift(Tensor send, Tensor receive) => GpuOf(send) is { } gpu ? gpu.StartShift(send, receive) : Mpi.StartShift(send, receive);

    /// <inheritdoc/>
    public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0) => Mpi.Broadcast(bytes, root);

    /// <inheritdoc/>
    public byte[][] Exchange(ReadOnlySpan<byte> bytes) => Mpi.Exchange(bytes);

    /// <inheritdoc/>
    public void Fail(string reason) => Mpi.Fail(reason);

    /// <inheritdoc cref="MpiCommunicator.Dispose"/>
    public void Dispose()
    {
        _nccl?.Dispose();
        _nccl = null;
        Mpi.Dispose();
    }

    /// <summary>NCCL for a tensor of a GPU; null for one of the processor.</summary>
    private NcclRanks? GpuOf(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.device_type == DeviceType.CUDA ? _nccl ??= new NcclRanks(Mpi, _limits, Math.Max(0, tensor.device_index)) : null;
    }
}
