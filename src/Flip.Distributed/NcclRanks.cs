using System.Collections.Concurrent;
using System.Diagnostics;
using Flip.Collectives;
using Flip.Distributed.Interop;
using Flip.Native;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>
/// The operations on tensors of a GPU: NCCL in a queue of its own, beside the one that libtorch computes in. The host does not wait for them, so a
/// thread watches: where another rank fails, NCCL reports an error, or an operation stands in the queue for too long, it ends what is under way, and
/// the next operation throws.
/// </summary>
internal sealed class NcclRanks : IDisposable
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(200);

    private readonly MpiCommunicator _mpi;
    private readonly CollectiveLimits _limits;
    private readonly CudaStream _stream;
    private readonly Nccl _nccl;
    private readonly ConcurrentQueue<(nint Mark, string Name, long Since)> _marks = new();
    private readonly ManualResetEventSlim _isEnding = new();
    private readonly Thread _watch;
    private volatile CollectiveException? _failure;

    /// <summary>Joins all ranks. Each comes with the device that it computes on.</summary>
    /// <exception cref="CollectiveException">There is no NCCL, or it does not start.</exception>
    public NcclRanks(MpiCommunicator mpi, CollectiveLimits limits, int device)
    {
        (_mpi, _limits) = (mpi, limits);
        if (NcclLibrary.Loaded.Problem is { } problem)
        {
            throw new CollectiveException(problem);
        }

        var id = mpi.Broadcast(mpi.Rank == 0 ? Nccl.NewId() : []);
        _stream = new CudaStream(device);
        Nccl? joined = null;
        _stream.Within(() => joined = Nccl.Join(id, mpi.Rank, mpi.World));
        _nccl = joined!;
        _watch = new Thread(Watch) { IsBackground = true, Name = "flip-nccl" };
        _watch.Start();
    }

    /// <summary>What this rank has handed over so far.</summary>
    public CollectiveCount Sent { get; private set; }

    /// <summary>A sum or maximum, in place.</summary>
    public PendingCollective StartReduce(Tensor values, NcclOperation operation)
    {
        var (type, count, at) = (TypeOf(values), (nuint)values.numel(), DeviceAddress.Of(values));
        return Start(
            CollectiveCount.OfSum(RankShapes.Bytes(values), _mpi.World),
            $"the {(operation == NcclOperation.Sum ? "sum" : "maximum")} of {count} numbers",
            () => _nccl.Check("ncclAllReduce", on => NcclCalls.ncclAllReduce(at, at, count, type, operation, on, _stream.Handle)),
            values);
    }

    /// <summary>A gather. Even parts go as one; else each rank broadcasts its own.</summary>
    public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts)
    {
        var bytes = RankShapes.RowBytes(own, all, counts, _mpi.Rank, _mpi.World);
        var (from, to) = (DeviceAddress.Of(own), DeviceAddress.Of(all));
        return Start(
            CollectiveCount.OfGather(bytes[_mpi.Rank], _mpi.World),
            $"the gather of {bytes.Sum()} bytes",
            () =>
            {
                if (bytes.All(size => size == bytes[0]))
                {
                    _nccl.Check("ncclAllGather", on => NcclCalls.ncclAllGather(from, to, (nuint)bytes[0], NcclType.Uint8, on, _stream.Handle));
                    return;
                }

                Nccl.Group(() => ForEachPart(to, bytes, (root, place) => _nccl.Check("ncclBroadcast", on => NcclCalls.ncclBroadcast(
                    root == _mpi.Rank ? from : place, place, (nuint)bytes[root], NcclType.Uint8, root, on, _stream.Handle))));
            },
            own,
            all);
    }

    /// <summary>A scattered sum. Even parts go as one; else each is reduced to its rank.</summary>
    public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts)
    {
        var bytes = RankShapes.RowBytes(own, all, counts, _mpi.Rank, _mpi.World);
        var (type, size, from, to) = (TypeOf(all), all.ElementSize, DeviceAddress.Of(all), DeviceAddress.Of(own));
        return Start(
            CollectiveCount.OfScatterSum(bytes.Sum(), bytes[_mpi.Rank]),
            $"the scattered sum of {all.numel()} numbers",
            () =>
            {
                if (bytes.All(part => part == bytes[0]))
                {
                    _nccl.Check("ncclReduceScatter", on => NcclCalls.ncclReduceScatter(from, to, (nuint)(bytes[0] / size), type, NcclOperation.Sum, on, _stream.Handle));
                    return;
                }

                Nccl.Group(() => ForEachPart(from, bytes, (root, place) => _nccl.Check("ncclReduce", on => NcclCalls.ncclReduce(
                    place, root == _mpi.Rank ? to : 0, (nuint)(bytes[root] / size), type, NcclOperation.Sum, root, on, _stream.Handle))));
            },
            all,
            own);
    }

    /// <summary>One rank's bytes to all.</summary>
    public PendingCollective StartBroadcast(Tensor values, int root)
    {
        var (bytes, at) = (RankShapes.Bytes(values), DeviceAddress.Of(values));
        return Start(
            CollectiveCount.OfBroadcast(bytes, _mpi.World),
            $"the broadcast of {bytes} bytes",
            () => _nccl.Check("ncclBroadcast", on => NcclCalls.ncclBroadcast(at, at, (nuint)bytes, NcclType.Uint8, root, on, _stream.Handle)),
            values);
    }

    /// <summary>A shift along the ring.</summary>
    public PendingCollective StartShift(Tensor send, Tensor receive)
    {
        var (sent, received) = (RankShapes.Bytes(send), RankShapes.Bytes(receive));
        var (from, to) = (DeviceAddress.Of(send), DeviceAddress.Of(receive));
        var (before, behind) = ((_mpi.Rank + _mpi.World - 1) % _mpi.World, (_mpi.Rank + 1) % _mpi.World);
        return Start(
            CollectiveCount.OfShift(sent),
            $"the shift of {sent} bytes",
            () => Nccl.Group(() =>
            {
                _nccl.Check("ncclSend", on => NcclCalls.ncclSend(from, (nuint)sent, NcclType.Uint8, before, on, _stream.Handle));
                _nccl.Check("ncclRecv", on => NcclCalls.ncclRecv(to, (nuint)received, NcclType.Uint8, behind, on, _stream.Handle));
            }),
            send,
            receive);
    }

    /// <summary>Throws what the watching thread has found.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw failure is RankFailedException ? failure : new CollectiveException(failure.Message, failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isEnding.Set();
        _watch.Join();
        _isEnding.Dispose();
        if (_failure is null && _marks.IsEmpty)
        {
            _stream.Within(_nccl.Destroy);
        }
    }

    private static NcclType TypeOf(Tensor values) => RankShapes.TypeOf(values) switch
    {
        NumberType.Float => NcclType.Float32,
        NumberType.Double => NcclType.Float64,
        _ => NcclType.Int64,
    };

    private static void ForEachPart(nint first, long[] bytes, Action<int, nint> call)
    {
        for (var (rank, place) = (0, first); rank < bytes.Length; place += checked((nint)bytes[rank++]))
        {
            if (bytes[rank] > 0)
            {
                call(rank, place);
            }
        }
    }

    private NcclPending Start(CollectiveCount count, string name, Action enqueue, params Tensor[] tensors)
    {
        ThrowIfFailed();
        if (tensors.Any(tensor => !tensor.is_contiguous()))
        {
            throw new ArgumentException("A tensor is not contiguous.", nameof(tensors));
        }

        Sent += count;
        _stream.FollowDefault();
        _stream.Within(enqueue);
        _marks.Enqueue((_stream.Mark(), name, Stopwatch.GetTimestamp()));
        var mark = _stream.Mark();
        return new NcclPending(this, _stream, mark, [.. tensors.Select(RankShapes.Held)]);
    }

    private void Watch()
    {
        while (!_isEnding.Wait(LookPause))
        {
            while (_marks.TryPeek(out var passed) && _stream.HasReached(passed.Mark))
            {
                _stream.Release(passed.Mark);
                _ = _marks.TryDequeue(out _);
            }

            if (Found() is { } failure)
            {
                _failure = failure;
                _stream.Within(_nccl.Abort);
                return;
            }
        }
    }

    private CollectiveException? Found()
    {
        if (_mpi.Failure is { } other)
        {
            return other;
        }

        if (_nccl.Problem() is { } problem)
        {
            return new CollectiveException(problem);
        }

        return _marks.TryPeek(out var oldest) && Stopwatch.GetElapsedTime(oldest.Since) > _limits.Timeout
            ? new CollectiveException(
                $"Rank {_mpi.Rank} on {_mpi.Places[_mpi.Rank].Host} waited {_limits.Timeout.TotalSeconds:0} s for {oldest.Name} on its GPU. {CollectiveLimits.TimeoutVariable} is the limit in seconds.")
            : null;
    }
}
