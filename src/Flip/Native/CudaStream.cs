using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>
/// A queue of a CUDA device beside the default stream, on which libtorch computes. Either can be made to wait for what the other has been given so
/// far; the host does not wait. TorchSharp has no streams, so it is the driver's. It lives as long as the process.
/// </summary>
internal sealed unsafe class CudaStream
{
    private const nint Default = 0;
    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING: it does not wait for the default stream by itself
    private const uint WithoutTiming = 2; // CU_EVENT_DISABLE_TIMING
    private const int NotReady = 600; // CUDA_ERROR_NOT_READY

    private readonly delegate* unmanaged<nint, int> _push;
    private readonly delegate* unmanaged<nint*, int> _pop;
    private readonly delegate* unmanaged<nint*, uint, int> _createEvent;
    private readonly delegate* unmanaged<nint, nint, int> _record;
    private readonly delegate* unmanaged<nint, nint, uint, int> _wait;
    private readonly delegate* unmanaged<nint, int> _query;
    private readonly delegate* unmanaged<nint, int> _destroyEvent;
    private readonly nint _context;

    /// <summary>Makes a queue.</summary>
    /// <param name="device">The device's number.</param>
    /// <exception cref="CudaDriverException">The driver refuses.</exception>
    public CudaStream(int device)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var library))
        {
            throw new CudaDriverException("There is no NVIDIA driver: libcuda.so.1 cannot be loaded.");
        }

        var retain = (delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRetain");
        var create = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cuStreamCreate");
        _push = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuCtxPushCurrent_v2");
        _pop = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cuCtxPopCurrent_v2");
        _createEvent = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cuEventCreate");
        _record = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cuEventRecord");
        _wait = (delegate* unmanaged<nint, nint, uint, int>)NativeLibrary.GetExport(library, "cuStreamWaitEvent");
        _query = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuEventQuery");
        _destroyEvent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuEventDestroy_v2");
        nint context;
        Check("cuDevicePrimaryCtxRetain", retain(&context, device)); // for as long as the process lives, as libtorch does
        _context = context;
        Within(() =>
        {
            nint stream;
            Check("cuStreamCreate", create(&stream, NonBlocking));
            Handle = stream;
        });
    }

    /// <summary>The driver's handle.</summary>
    public nint Handle { get; private set; }

    /// <summary>Does something while the device is this thread's current one, which is how the driver's and the runtime's calls know it.</summary>
    public void Within(Action work)
    {
        Check("cuCtxPushCurrent_v2", _push(_context));
        try
        {
            work();
        }
        finally
        {
            nint popped;
            _ = _pop(&popped);
        }
    }

    /// <summary>What comes into this queue from here on waits for all that the default stream has now.</summary>
    public void FollowDefault() => Within(() =>
    {
        var mark = Mark(Default);
        var code = _wait(Handle, mark, 0);
        _ = _destroyEvent(mark); // the driver keeps it for who waits
        Check("cuStreamWaitEvent", code);
    });

    /// <summary>A mark behind all that this queue has now; <see cref="Release"/> frees it.</summary>
    public nint Mark()
    {
        nint mark = 0;
        Within(() => mark = Mark(Handle));
        return mark;
    }

    /// <summary>What comes into the default stream from here on waits for a mark.</summary>
    public void HoldDefault(nint mark) => Within(() => Check("cuStreamWaitEvent", _wait(Default, mark, 0)));

    /// <summary>Whether the device has come to a mark. An error counts: nothing will come after it.</summary>
    public bool HasReached(nint mark) => _query(mark) != NotReady;

    /// <summary>Frees a mark.</summary>
    public void Release(nint mark) => _ = _destroyEvent(mark);

    private static void Check(string call, int code)
    {
        if (code != 0)
        {
            throw new CudaDriverException($"NVIDIA's driver: {call} failed with code {code}.");
        }
    }

    private nint Mark(nint stream)
    {
        nint mark;
        Check("cuEventCreate", _createEvent(&mark, WithoutTiming));
        Check("cuEventRecord", _record(mark, stream));
        return mark;
    }
}
