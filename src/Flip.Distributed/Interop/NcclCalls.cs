using System.Runtime.InteropServices;

namespace Flip.Distributed.Interop;

/// <summary>The functions of NCCL that are called, as its header declares them; a test compares both.</summary>
internal static partial class NcclCalls
{
    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclGetVersion(out int version);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclGetUniqueId(out NcclUniqueId uniqueId);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclCommInitRank(out nint comm, int nranks, NcclUniqueId commId, int rank);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclCommDestroy(nint comm);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclCommAbort(nint comm);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclCommGetAsyncError(nint comm, out int asyncError);

    [LibraryImport(NativeImports.Nccl)]
    public static partial nint ncclGetErrorString(int result);

    [LibraryImport(NativeImports.Nccl)]
    public static partial nint ncclGetLastError(nint comm);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclAllReduce(nint sendbuff, nint recvbuff, nuint count, NcclType datatype, NcclOperation op, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclAllGather(nint sendbuff, nint recvbuff, nuint sendcount, NcclType datatype, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclReduceScatter(nint sendbuff, nint recvbuff, nuint recvcount, NcclType datatype, NcclOperation op, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclBroadcast(nint sendbuff, nint recvbuff, nuint count, NcclType datatype, int root, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclReduce(nint sendbuff, nint recvbuff, nuint count, NcclType datatype, NcclOperation op, int root, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclSend(nint sendbuff, nuint count, NcclType datatype, int peer, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclRecv(nint recvbuff, nuint count, NcclType datatype, int peer, nint comm, nint stream);

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclGroupStart();

    [LibraryImport(NativeImports.Nccl)]
    public static partial int ncclGroupEnd();
}
