using System.Runtime.InteropServices;
using Flip.Collectives;

namespace Flip.Distributed.Interop;

/// <summary>A communicator of NCCL, with its errors as exceptions. Its device is the current one of the thread that makes it.</summary>
internal sealed unsafe class Nccl
{
    private const int InProgress = 7; // ncclInProgress

    private readonly nint _communicator;

    private Nccl(nint communicator) => _communicator = communicator;

    /// <summary>What rank 0 makes and gives to all.</summary>
    public static byte[] NewId()
    {
        Check("ncclGetUniqueId", NcclCalls.ncclGetUniqueId(out var id));
        return new Span<byte>(id.Internal, NcclUniqueId.Size).ToArray();
    }

    /// <summary>Joins all ranks; waits for them.</summary>
    public static Nccl Join(byte[] id, int rank, int world)
    {
        var given = default(NcclUniqueId);
        id.CopyTo(new Span<byte>(given.Internal, NcclUniqueId.Size));
        Check("ncclCommInitRank", NcclCalls.ncclCommInitRank(out var communicator, world, given, rank));
        return new Nccl(communicator);
    }

    /// <summary>Throws what a call reports.</summary>
    public void Check(string call, Func<nint, int> make) => Check(call, make(_communicator), _communicator);

    /// <summary>Makes several calls as one.</summary>
    public static void Group(Action calls)
    {
        Check("ncclGroupStart", NcclCalls.ncclGroupStart());
        try
        {
            calls();
        }
        finally
        {
            Check("ncclGroupEnd", NcclCalls.ncclGroupEnd());
        }
    }

    /// <summary>What has gone wrong on the device since; null for nothing.</summary>
    public string? Problem()
    {
        var code = NcclCalls.ncclCommGetAsyncError(_communicator, out var found);
        code = code == 0 ? found : code;
        return code is 0 or InProgress ? null : Text("ncclCommGetAsyncError", code, _communicator);
    }

    /// <summary>Ends what is under way, on this rank: the device goes on with its queue.</summary>
    public void Abort() => _ = NcclCalls.ncclCommAbort(_communicator);

    /// <summary>Frees it, once nothing is under way.</summary>
    public void Destroy() => _ = NcclCalls.ncclCommDestroy(_communicator);

    private static void Check(string call, int code, nint communicator = 0)
    {
        if (code is not 0 and not InProgress)
        {
            throw new CollectiveException(Text(call, code, communicator));
        }
    }

    private static string Text(string call, int code, nint communicator)
    {
        var words = Marshal.PtrToStringUTF8(NcclCalls.ncclGetErrorString(code));
        var last = Marshal.PtrToStringUTF8(NcclCalls.ncclGetLastError(communicator))?.ReplaceLineEndings(" ").Trim();
        return $"NCCL: {call} failed with code {code} ({words}{(string.IsNullOrEmpty(last) ? "" : $": {last}")}).";
    }
}
