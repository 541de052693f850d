using System.Runtime.InteropServices;

namespace Flip.Distributed.Interop;

/// <summary>
/// The functions of MPI that are called. Handles are <c>nint</c>: pointers in Open MPI, 32-bit integers in MPICH and its kin, which read and write
/// the lower half (Linux on 64-bit little-endian processors passes both alike).
/// </summary>
internal static partial class MpiCalls
{
    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Init_thread(nint argumentCount, nint arguments, int required, out int provided);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Finalize();

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Abort(nint communicator, int code);

    [LibraryImport(NativeImports.Mpi)]
    public static unsafe partial int MPI_Get_library_version(byte* text, out int length);

    [LibraryImport(NativeImports.Mpi)]
    public static unsafe partial int MPI_Error_string(int code, byte* text, out int length);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Comm_rank(nint communicator, out int rank);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Comm_size(nint communicator, out int size);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Comm_dup(nint communicator, ref nint copy);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Comm_set_errhandler(nint communicator, nint handler);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Iallreduce(nint send, nint receive, int count, nint type, nint operation, nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static unsafe partial int MPI_Iallgatherv(
        nint send, int sendCount, nint sendType, nint receive, int* counts, int* displacements, nint type, nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Ibcast(nint buffer, int count, nint type, int root, nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Ibarrier(nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Isend(nint buffer, int count, nint type, int rank, int tag, nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Irecv(nint buffer, int count, nint type, int rank, int tag, nint communicator, ref nint request);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Recv(nint buffer, int count, nint type, int rank, int tag, nint communicator, nint status);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Test(ref nint request, out int isDone, nint status);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Iprobe(int rank, int tag, nint communicator, out int isThere, nint status);

    [LibraryImport(NativeImports.Mpi)]
    public static partial int MPI_Get_count(nint status, nint type, out int count);
}
