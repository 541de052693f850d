using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>
/// A mark in a CUDA device's queue, for which a thread can wait without waiting for what came into the queue later. TorchSharp has none, so it is the
/// driver's; libtorch computes on the default stream, and that is where it is put.
/// </summary>
internal sealed unsafe class CudaEvent : IDisposable
{
    private const uint BlockingWithoutTiming = 1 | 2; // CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING: the thread sleeps, the loader's have the processor

    private static readonly Lazy<Functions?> Driver = new(Functions.Load);

    private readonly Functions _driver;
    private nint _handle;

    private CudaEvent(Functions driver, nint handle) => (_driver, _handle) = (driver, handle);

    /// <summary>Puts a mark behind all that the device was given.</summary>
    /// <param name="device">The device's number.</param>
    /// <returns>Null where the driver offers no marks: then one waits for the whole device.</returns>
    public static CudaEvent? TryRecord(int device)
    {
        if (Driver.Value is not { } driver)
        {
            return null;
        }

        // The device's own context, which libtorch has made current or not.
        nint context;
        if (driver.Retain(&context, device) != 0)
        {
            return null;
        }

        nint handle = 0;
        var isRecorded = false;
        if (driver.Push(context) == 0)
        {
            isRecorded = driver.Create(&handle, BlockingWithoutTiming) == 0 && driver.Record(handle, 0) == 0;
            _ = driver.Pop(&context);
        }

        _ = driver.Release(device); // libtorch holds it for as long as the process lives
        var made = handle == 0 ? null : new CudaEvent(driver, handle);
        if (isRecorded)
        {
            return made;
        }

        made?.Dispose();
        return null;
    }

    /// <summary>Waits until the device has come to the mark.</summary>
    /// <returns>False where the driver reports an error, which libtorch's next call throws with its own words.</returns>
    public bool Wait()
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        return _driver.Synchronize(_handle) == 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle != 0)
        {
            _ = _driver.Destroy(_handle);
            _handle = 0;
        }
    }

    private sealed class Functions
    {
        private Functions(nint library)
        {
            Retain = (delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRetain");
            Release = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRelease_v2");
            Push = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuCtxPushCurrent_v2");
            Pop = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cuCtxPopCurrent_v2");
            Create = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cuEventCreate");
            Record = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cuEventRecord");
            Synchronize = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuEventSynchronize");
            Destroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuEventDestroy_v2");
        }

        public delegate* unmanaged<nint*, int, int> Retain { get; }

        public delegate* unmanaged<int, int> Release { get; }

        public delegate* unmanaged<nint, int> Push { get; }

        public delegate* unmanaged<nint*, int> Pop { get; }

        public delegate* unmanaged<nint*, uint, int> Create { get; }

        public delegate* unmanaged<nint, nint, int> Record { get; }

        public delegate* unmanaged<nint, int> Synchronize { get; }

        public delegate* unmanaged<nint, int> Destroy { get; }

        public static Functions? Load()
        {
            try
            {
                return NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library) ? new Functions(library) : null;
            }
            catch (EntryPointNotFoundException)
            {
                return null;
            }
        }
    }
}
