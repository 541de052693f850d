using System.Runtime.InteropServices;
using System.Text;
using Flip.Collectives;
using Flip.Distributed.Interop;
using Flip.Kernels;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>
/// Ranks that exchange tensors of the processor through MPI. Its calls are made by a thread of its own, so an operation goes on while its starter
/// computes.
/// </summary>
/// <remarks>
/// <para>A sum is taken in the ranks' order (up to 16 KB in MPI's), so it has the same bits on every run.</para>
/// <para>
/// How it ends: <see cref="Dispose"/> waits for all ranks and ends MPI. After a failure, a rank's own (<see cref="Fail"/>) or another's
/// (<see cref="RankFailedException"/>), each rank does what it can still do alone, such as writing a checkpoint, and then disposes of this. That
/// returns once all have done so or are silent for too long (<see cref="CollectiveLimits.Silence"/>); MPI is not ended, and the process must exit with
/// a code that is not 0. Where a rank is lost, the last act of rank 0 is MPI_Abort, which ends every process, this one too.
/// </para>
/// </remarks>
public sealed class MpiCommunicator : ICommunicator
{
    private readonly MpiThread _thread;
    private readonly CollectiveLimits _limits;
    private bool _isDisposed;
    private volatile bool _saidFailure;

    private MpiCommunicator(MpiLibrary library, CollectiveLimits limits)
    {
        (_thread, _limits, Library) = (new MpiThread(library.Mpi, limits), limits, new CollectiveLibrary(library.Version, library.Path));
    }

    /// <inheritdoc/>
    public int Rank => _thread.Rank;

    /// <inheritdoc/>
    public int World => _thread.World;

    /// <inheritdoc/>
    public IReadOnlyList<RankPlace> Places { get; private set; } = [];

    /// <inheritdoc/>
    public CollectiveCount Sent { get; private set; }

    /// <summary>The library.</summary>
    public CollectiveLibrary Library { get; }

    /// <summary>What whoever waits gets once a rank cannot go on; null until then.</summary>
    internal CollectiveException? Failure => _thread.Failure?.ToException();

    /// <summary>True once a rank cannot go on.</summary>
    public bool HasFailed => _saidFailure || _thread.Failure is not null;

    /// <summary>Starts MPI in a process that a launcher has started. All of its ranks come.</summary>
    /// <param name="launch">What the launcher says.</param>
    /// <param name="limits">How long ranks wait for each other.</param>
    /// <exception cref="CollectiveException">There is no MPI, it does not start, or it is not the launcher's.</exception>
    public static MpiCommunicator Start(LaunchEnvironment launch, CollectiveLimits limits)
    {
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(limits);
        var library = MpiLibrary.Load(Environment.GetEnvironmentVariable(MpiLibrary.Variable), launch.Launcher != Launcher.Hydra);
        var ranks = new MpiCommunicator(library, limits);
        Check(launch, ranks);
        ranks.Places = RankPlaces.Of([.. ranks.Exchange(Encoding.UTF8.GetBytes(Environment.MachineName)).Select(Encoding.UTF8.GetString)]);
        ranks._thread.Know(ranks.Places);
        return ranks;
    }

    /// <inheritdoc/>
    public PendingCollective StartSum(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var (type, count) = (RankShapes.TypeOf(values), values.numel());
        return Start(
            CollectiveCount.OfSum(RankShapes.Bytes(values), World), $"the sum of {count} numbers", (on, at) => _thread.Transfers.Sum(on, type, at[0], count), values);
    }

    /// <inheritdoc/>
    public PendingCollective StartMax(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var (type, count) = (RankShapes.TypeOf(values), values.numel());
        return Start(
            CollectiveCount.OfSum(RankShapes.Bytes(values), World), $"the maximum of {count} numbers", (on, at) => _thread.Transfers.Max(on, type, at[0], count), values);
    }

    /// <inheritdoc/>
    public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts)
    {
        var bytes = RankShapes.RowBytes(own, all, counts, Rank, World);
        var first = checked((nint)bytes.Take(Rank).Sum());
        return Start(
            CollectiveCount.OfGather(bytes[Rank], World),
            $"the gather of {bytes.Sum()} bytes",
            (on, at) =>
            {
                Move(at[0], at[1] + first, bytes[Rank]);
                return _thread.Transfers.Gather(on, at[1], bytes);
            },
            own,
            all);
    }

    /// <inheritdoc/>
    public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts)
    {
        var bytes = RankShapes.RowBytes(own, all, counts, Rank, World);
        var type = RankShapes.TypeOf(all);
        long[] entries = [.. bytes.Select(size => size / Transfers.SizeOf(type))];
        return Start(
            CollectiveCount.OfScatterSum(bytes.Sum(), bytes[Rank]),
            $"the scattered sum of {entries.Sum()} numbers",
            (on, at) => _thread.Transfers.ScatterSum(on, type, at[0], at[1], entries),
            all,
            own);
    }

    /// <inheritdoc/>
    public PendingCollective StartBroadcast(Tensor values, int root = 0)
    {
        ArgumentNullException.ThrowIfNull(values);
        var bytes = RankShapes.Bytes(values);
        return Start(
            CollectiveCount.OfBroadcast(bytes, World), $"the broadcast of {bytes} bytes", (on, at) => _thread.Transfers.Broadcast(on, at[0], bytes, root), values);
    }

    /// <inheritdoc/>
    public PendingCollective StartShift(Tensor send, Tensor receive)
    {
        ArgumentNullException.ThrowIfNull(send);
        ArgumentNullException.ThrowIfNull(receive);
        var (sent, received) = (RankShapes.Bytes(send), RankShapes.Bytes(receive));
        return Start(
            CollectiveCount.OfShift(sent), $"the shift of {sent} bytes", (on, at) => _thread.Transfers.Shift(on, at[0], sent, at[1], received), send, receive);
    }

    /// <inheritdoc/>
    public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0)
    {
        var own = bytes.ToArray();
        long[] size = Pinned<long>(1);
        size[0] = own.Length;
        byte[] all = [];
        Wait("the broadcast of bytes", Transfer);
        return all;

        IEnumerable<MpiRequest> Transfer(nint on)
        {
            foreach (var request in _thread.Transfers.Broadcast(on, AddressOf(size), sizeof(long), root))
            {
                yield return request;
            }

            all = Pinned<byte>(size[0]);
            if (Rank == root)
            {
                own.CopyTo(all, 0);
            }

            foreach (var request in _thread.Transfers.Broadcast(on, AddressOf(all), size[0], root))
            {
                yield return request;
            }
        }
    }

    /// <inheritdoc/>
    public byte[][] Exchange(ReadOnlySpan<byte> bytes)
    {
        var own = bytes.ToArray();
        long[] sizes = Pinned<long>(World);
        sizes[Rank] = own.Length;
        byte[] all = [];
        Wait("the exchange of bytes", Transfer);
        long end = 0;
        return [.. sizes.Select(size => all.AsSpan((int)((end += size) - size), (int)size).ToArray())];

        IEnumerable<MpiRequest> Transfer(nint on)
        {
            foreach (var request in _thread.Transfers.Gather(on, AddressOf(sizes), [.. Enumerable.Repeat((long)sizeof(long), World)]))
            {
                yield return request;
            }

            all = Pinned<byte>(sizes.Sum());
            own.CopyTo(all, checked((int)sizes.Take(Rank).Sum()));
            foreach (var request in _thread.Transfers.Gather(on, AddressOf(all), sizes))
            {
                yield return request;
            }
        }
    }

    /// <inheritdoc/>
    public void Fail(string reason)
    {
        _saidFailure = true; // at once: what this rank would begin now meets another operation of the others
        _thread.Fail(reason);
    }

    /// <summary>This process was asked to end, perhaps because another rank has died. A rank that no longer answers is then noticed within seconds.</summary>
    public void Hurry() => _thread.Hurry();

    /// <summary>Tells all ranks that this one cannot go on, and whether a rank before it has said the same: then one line is enough.</summary>
    /// <param name="reason">One line.</param>
    /// <param name="patience">How long to wait for the others' words.</param>
    /// <returns>True if this rank is to show the reason.</returns>
    public bool FailFirst(string reason, TimeSpan patience)
    {
        Fail(reason);
        for (var until = DateTime.UtcNow + patience; Rank > 0 && DateTime.UtcNow < until; Thread.Sleep(10))
        {
            if (_thread.Heard.Any(failure => failure.Rank < Rank && failure.Reason == reason))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            if (!HasFailed)
            {
                Post("the end of all ranks", Transfers.Barrier, _limits.Ending).Wait();
            }
        }
        catch (CollectiveException)
        {
            // What follows is the end after a failure.
        }

        _thread.End(HasFailed);
    }

    private static void Check(LaunchEnvironment launch, MpiCommunicator ranks)
    {
        var isAlone = ranks.World == 1 && (launch.World > 1 || launch.Rank > 0);
        if (isAlone || (launch.World is { } world && world != ranks.World))
        {
            throw new CollectiveException(
                $"{launch.Launcher} started {(launch.World is { } all ? $"{all} processes" : "several processes")}, and MPI sees {ranks.World} ({ranks.Library.Version}, {ranks.Library.Path}). "
                + (launch.Launcher is Launcher.Slurm or Launcher.Pmix
                    ? $"Start them so that this MPI takes part: srun --mpi=pmix for Open MPI, srun --mpi=pmi2 for MPICH and Intel MPI; or name the libmpi of Slurm's kind in {MpiLibrary.Variable}."
                    : $"It is another MPI than the launcher's: name the launcher's libmpi in {MpiLibrary.Variable}, or start with this one's mpirun."));
        }
    }

    private static unsafe void Move(nint from, nint to, long bytes)
    {
        if (from != to)
        {
            Buffer.MemoryCopy((void*)from, (void*)to, bytes, bytes);
        }
    }

    private static T[] Pinned<T>(long length)
        where T : unmanaged => GC.AllocateArray<T>(checked((int)length), pinned: true);

    private static nint AddressOf<T>(T[] pinned)
        where T : unmanaged => pinned.Length == 0 ? 0 : Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private static nint AddressOf(Tensor tensor)
    {
        // The address stays good: the operation holds the tensor.
        using var address = tensor.ElementSize switch
        {
            1 => TensorAddress.Of<byte>(tensor),
            2 => TensorAddress.Of<ushort>(tensor),
            4 => TensorAddress.Of<uint>(tensor),
            _ => TensorAddress.Of<ulong>(tensor),
        };
        return address.Value;
    }

    private MpiOperation Start(CollectiveCount count, string name, Func<nint, nint[], IEnumerable<MpiRequest>> transfers, params Tensor[] tensors)
    {
        nint[] addresses = [.. tensors.Select(AddressOf)];
        Sent += count;
        return Post(name, on => transfers(on, addresses), _limits.Timeout, [.. tensors.Select(RankShapes.Held)]);
    }

    private void Wait(string name, Func<nint, IEnumerable<MpiRequest>> transfers) => Post(name, transfers, _limits.Timeout).Wait();

    private MpiOperation Post(string name, Func<nint, IEnumerable<MpiRequest>> transfers, TimeSpan limit, params Tensor[] held) =>
        _thread.Post(new MpiOperation(_thread, name, transfers, held) { Limit = limit });
}
