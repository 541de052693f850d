using System.Runtime.InteropServices;

namespace Flip.Distributed.Interop;

/// <summary>What a program sees of an MPI in numbers: its handles, its constants, where a status has its fields.</summary>
/// <param name="World">The communicator of all ranks.</param>
/// <param name="Byte">The type of bytes.</param>
/// <param name="Float">The type of fp32.</param>
/// <param name="Double">The type of fp64.</param>
/// <param name="Int64">The type of int64.</param>
/// <param name="Sum">The operation of sums.</param>
/// <param name="Max">The operation of the largest.</param>
/// <param name="ErrorsReturn">The error handler that lets calls return their code.</param>
/// <param name="InPlace">The address that stands for "what is sent is where it is received".</param>
/// <param name="NoStatus">The address that stands for no status.</param>
/// <param name="AnySource">The rank that stands for any.</param>
/// <param name="SourceOffset">Where a status has the sender's rank, in bytes.</param>
internal sealed record MpiAbi(
    nint World,
    nint Byte,
    nint Float,
    nint Double,
    nint Int64,
    nint Sum,
    nint Max,
    nint ErrorsReturn,
    nint InPlace,
    nint NoStatus,
    int AnySource,
    int SourceOffset)
{
    /// <summary>The tag that stands for any, in all of them.</summary>
    public const int AnyTag = -1;

    /// <summary>The promise that one thread makes all calls, in all of them.</summary>
    public const int ThreadFunneled = 1;

    /// <summary>MPICH, Intel MPI, MVAPICH and Cray's have agreed on these numbers (the MPICH ABI).</summary>
    public static MpiAbi Mpich { get; } = new(
        World: 0x44000000,
        Byte: 0x4c00010d,
        Float: 0x4c00040a,
        Double: 0x4c00080b,
        Int64: 0x4c00083a,
        Sum: 0x58000003,
        Max: 0x58000001,
        ErrorsReturn: 0x54000001,
        InPlace: -1,
        NoStatus: 1,
        AnySource: -2,
        SourceOffset: 8);

    /// <summary>The numbers of a loaded library: Open MPI exports its handles, the others have none to export.</summary>
    public static MpiAbi Of(nint library) => NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world)
        ? OfOpenMpi(library, world)
        : Mpich;

    private static MpiAbi OfOpenMpi(nint library, nint world) => new(
        world,
        Byte: NativeLibrary.GetExport(library, "ompi_mpi_byte"),
        Float: NativeLibrary.GetExport(library, "ompi_mpi_float"),
        Double: NativeLibrary.GetExport(library, "ompi_mpi_double"),
        Int64: NativeLibrary.GetExport(library, "ompi_mpi_int64_t"),
        Sum: NativeLibrary.GetExport(library, "ompi_mpi_op_sum"),
        Max: NativeLibrary.GetExport(library, "ompi_mpi_op_max"),
        ErrorsReturn: NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
        InPlace: 1,
        NoStatus: 0,
        AnySource: -1,
        SourceOffset: 0);
}
