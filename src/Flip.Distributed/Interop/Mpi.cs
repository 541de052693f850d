using System.Runtime.InteropServices;
using System.Text;
using Flip.Collectives;

namespace Flip.Distributed.Interop;

/// <summary>MPI's calls with their errors as exceptions, the same for every library. All of them come from one thread.</summary>
internal sealed unsafe class Mpi(MpiAbi abi)
{
    private const int LongestText = 8192; // MPICH's MPI_MAX_LIBRARY_VERSION_STRING, the largest of all
    private const int StatusBytes = 64; // more than any library's

    /// <summary>The library's numbers.</summary>
    public MpiAbi Abi { get; } = abi;

    /// <summary>Name and version as the library gives them, in one line; may be asked before it is initialised.</summary>
    public static string Version()
    {
        var text = stackalloc byte[LongestText];
        var length = 0;
        var words = MpiCalls.MPI_Get_library_version(text, out length) == 0 ? Encoding.UTF8.GetString(text, length) : "";
        return string.Join(' ', words.Split('\n')[0].Split(['\0', '\t', ' '], StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Initialises MPI for one thread; errors of its communicators are returned from here on.</summary>
    public void Start()
    {
        Check("MPI_Init_thread", MpiCalls.MPI_Init_thread(0, 0, MpiAbi.ThreadFunneled, out var provided));
        if (provided < MpiAbi.ThreadFunneled)
        {
            throw new CollectiveException("This MPI was built without threads: MPI_Init_thread does not give MPI_THREAD_FUNNELED.");
        }

        ReturnErrors(Abi.World);
    }

    /// <summary>Ends MPI; all ranks come.</summary>
    public static void Finish() => Check("MPI_Finalize", MpiCalls.MPI_Finalize());

    /// <summary>Ends all ranks at once, this one too.</summary>
    public void Abort(int code) => _ = MpiCalls.MPI_Abort(Abi.World, code);

    /// <summary>Rank and number of all ranks.</summary>
    public (int Rank, int World) Size()
    {
        Check("MPI_Comm_rank", MpiCalls.MPI_Comm_rank(Abi.World, out var rank));
        Check("MPI_Comm_size", MpiCalls.MPI_Comm_size(Abi.World, out var world));
        return (rank, world);
    }

    /// <summary>A communicator of all ranks, whose transfers meet no others.</summary>
    public nint Duplicate()
    {
        nint copy = 0;
        Check("MPI_Comm_dup", MpiCalls.MPI_Comm_dup(Abi.World, ref copy));
        ReturnErrors(copy);
        return copy;
    }

    /// <summary>Starts a sum or maximum of all ranks, in place.</summary>
    public MpiRequest Reduce(nint values, int count, nint type, nint operation, nint communicator)
    {
        nint request = 0;
        Check("MPI_Iallreduce", MpiCalls.MPI_Iallreduce(Abi.InPlace, values, count, type, operation, communicator, ref request));
        return new MpiRequest(request);
    }

    /// <summary>Starts a gather of bytes; this rank's are already at their place.</summary>
    /// <param name="all">Memory of all bytes.</param>
    /// <param name="counts">Bytes of each rank, in a pinned array.</param>
    /// <param name="places">Where they begin, in a pinned array.</param>
    /// <param name="communicator">The communicator.</param>
    public MpiRequest Gather(nint all, int[] counts, int[] places, nint communicator)
    {
        nint request = 0;
        fixed (int* count = counts, place = places)
        {
            Check("MPI_Iallgatherv", MpiCalls.MPI_Iallgatherv(Abi.InPlace, 0, Abi.Byte, all, count, place, Abi.Byte, communicator, ref request));
        }

        return new MpiRequest(request, (counts, places));
    }

    /// <summary>Starts to give the root's bytes to all.</summary>
    public MpiRequest Broadcast(nint buffer, int bytes, int root, nint communicator)
    {
        nint request = 0;
        Check("MPI_Ibcast", MpiCalls.MPI_Ibcast(buffer, bytes, Abi.Byte, root, communicator, ref request));
        return new MpiRequest(request);
    }

    /// <summary>Starts a wait for all ranks.</summary>
    public static MpiRequest Barrier(nint communicator)
    {
        nint request = 0;
        Check("MPI_Ibarrier", MpiCalls.MPI_Ibarrier(communicator, ref request));
        return new MpiRequest(request);
    }

    /// <summary>Starts to send bytes to a rank.</summary>
    public MpiRequest Send(nint buffer, int bytes, int rank, int tag, nint communicator, object? held = null)
    {
        nint request = 0;
        Check("MPI_Isend", MpiCalls.MPI_Isend(buffer, bytes, Abi.Byte, rank, tag, communicator, ref request));
        return new MpiRequest(request, held);
    }

    /// <summary>Starts to receive bytes from a rank.</summary>
    public MpiRequest Receive(nint buffer, int bytes, int rank, int tag, nint communicator)
    {
        nint request = 0;
        Check("MPI_Irecv", MpiCalls.MPI_Irecv(buffer, bytes, Abi.Byte, rank, tag, communicator, ref request));
        return new MpiRequest(request);
    }

    /// <summary>Whether a transfer is done; lets all of them go on.</summary>
    public bool IsDone(MpiRequest request)
    {
        Check("MPI_Test", MpiCalls.MPI_Test(ref request.Handle, out var isDone, Abi.NoStatus));
        if (isDone != 0)
        {
            request.Release();
        }

        return isDone != 0;
    }

    /// <summary>Takes a small message that has come, of any rank; null where none has. Lets all transfers go on.</summary>
    public (int Rank, byte[] Bytes)? TryTake(int tag, nint communicator)
    {
        var status = stackalloc byte[StatusBytes];
        new Span<byte>(status, StatusBytes).Clear();
        Check("MPI_Iprobe", MpiCalls.MPI_Iprobe(Abi.AnySource, tag, communicator, out var isThere, (nint)status));
        if (isThere == 0)
        {
            return null;
        }

        var rank = Marshal.ReadInt32((nint)status, Abi.SourceOffset);
        Check("MPI_Get_count", MpiCalls.MPI_Get_count((nint)status, Abi.Byte, out var count));
        var bytes = new byte[count];
        fixed (byte* first = bytes)
        {
            Check("MPI_Recv", MpiCalls.MPI_Recv((nint)first, count, Abi.Byte, rank, tag, communicator, Abi.NoStatus));
        }

        return (rank, bytes);
    }

    private static void Check(string call, int code)
    {
        if (code == 0)
        {
            return;
        }

        var text = stackalloc byte[LongestText];
        var words = MpiCalls.MPI_Error_string(code, text, out var length) == 0 ? Encoding.UTF8.GetString(text, length) : "no text";
        throw new CollectiveException($"MPI: {call} failed with code {code} ({words.ReplaceLineEndings(" ").Trim('\0', ' ')}).");
    }

    private void ReturnErrors(nint communicator) =>
        Check("MPI_Comm_set_errhandler", MpiCalls.MPI_Comm_set_errhandler(communicator, Abi.ErrorsReturn));
}
