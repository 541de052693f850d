using System.Runtime.InteropServices;
using System.Text;

namespace Flip.Native;

/// <summary>The few functions of NVIDIA's driver library that are called, by the names under which it exports them.</summary>
internal sealed unsafe class CudaDriverApi
{
    private const int LongestName = 256;
    private const int ClockRate = 13; // CU_DEVICE_ATTRIBUTE_CLOCK_RATE
    private const int MultiprocessorCount = 16; // CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT
    private const int CapabilityMajor = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    private const int CapabilityMinor = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR

    private readonly delegate* unmanaged<uint, int> _cuInit;
    private readonly delegate* unmanaged<int, byte**, int> _cuGetErrorName;
    private readonly delegate* unmanaged<int*, int> _cuDriverGetVersion;
    private readonly delegate* unmanaged<int*, int> _cuDeviceGetCount;
    private readonly delegate* unmanaged<int*, int, int> _cuDeviceGet;
    private readonly delegate* unmanaged<byte*, int, int, int> _cuDeviceGetName;
    private readonly delegate* unmanaged<nuint*, int, int> _cuDeviceTotalMem;
    private readonly delegate* unmanaged<int*, int, int, int> _cuDeviceGetAttribute;
    private readonly delegate* unmanaged<nint*, int, int> _cuDevicePrimaryCtxRetain;
    private readonly delegate* unmanaged<int, int> _cuDevicePrimaryCtxRelease;
    private readonly delegate* unmanaged<nint, int> _cuCtxPushCurrent;
    private readonly delegate* unmanaged<nint*, int> _cuCtxPopCurrent;
    private readonly delegate* unmanaged<nuint*, nuint*, int> _cuMemGetInfo;

    private CudaDriverApi(nint library)
    {
        _cuInit = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(library, "cuInit");
        _cuGetErrorName = (delegate* unmanaged<int, byte**, int>)NativeLibrary.GetExport(library, "cuGetErrorName");
        _cuDriverGetVersion = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cuDriverGetVersion");
        _cuDeviceGetCount = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cuDeviceGetCount");
        _cuDeviceGet = (delegate* unmanaged<int*, int, int>)NativeLibrary.GetExport(library, "cuDeviceGet");
        _cuDeviceGetName = (delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(library, "cuDeviceGetName");
        _cuDeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)NativeLibrary.GetExport(library, "cuDeviceTotalMem_v2");
        _cuDeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)NativeLibrary.GetExport(library, "cuDeviceGetAttribute");
        _cuDevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRetain");
        _cuDevicePrimaryCtxRelease = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRelease_v2");
        _cuCtxPushCurrent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuCtxPushCurrent_v2");
        _cuCtxPopCurrent = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cuCtxPopCurrent_v2");
        _cuMemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)NativeLibrary.GetExport(library, "cuMemGetInfo_v2");
    }

    /// <summary>Loads the driver's library for as long as the process lives.</summary>
    /// <returns>Its functions, or null and why there are none.</returns>
    public static (CudaDriverApi? Api, string? Problem) Load()
    {
        var name = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(name, out var library))
        {
            return (null, $"There is no NVIDIA driver: {name} cannot be loaded.");
        }

        try
        {
            return (new CudaDriverApi(library), null);
        }
        catch (EntryPointNotFoundException e)
        {
            return (null, $"The NVIDIA driver's {name} is too old: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Initialises the driver, which every other call needs.</summary>
    /// <returns>The highest version of CUDA that it runs.</returns>
    /// <exception cref="CudaDriverException">It refuses.</exception>
    public Version Start()
    {
        Check("cuInit", _cuInit(0));
        int version;
        Check("cuDriverGetVersion", _cuDriverGetVersion(&version));
        return new Version(version / 1000, version % 1000 / 10);
    }

    /// <summary>All devices.</summary>
    /// <exception cref="CudaDriverException">The driver refuses.</exception>
    public IReadOnlyList<CudaDevice> Devices()
    {
        int count;
        Check("cuDeviceGetCount", _cuDeviceGetCount(&count));
        return [.. Enumerable.Range(0, count).Select(Device)];
    }

    /// <summary>Free and total bytes of a device.</summary>
    /// <exception cref="CudaDriverException">The driver refuses.</exception>
    public (long Free, long Total) Memory(int index)
    {
        var device = Handle(index);
        nint context;
        Check("cuDevicePrimaryCtxRetain", _cuDevicePrimaryCtxRetain(&context, device));
        try
        {
            Check("cuCtxPushCurrent_v2", _cuCtxPushCurrent(context));
            nuint free, total;
            var code = _cuMemGetInfo(&free, &total);
            Check("cuCtxPopCurrent_v2", _cuCtxPopCurrent(&context));
            Check("cuMemGetInfo_v2", code);
            return (checked((long)free), checked((long)total));
        }
        finally
        {
            _ = _cuDevicePrimaryCtxRelease(device);
        }
    }

    private CudaDevice Device(int index)
    {
        var device = Handle(index);
        var name = stackalloc byte[LongestName];
        Check("cuDeviceGetName", _cuDeviceGetName(name, LongestName, device));
        nuint bytes;
        Check("cuDeviceTotalMem_v2", _cuDeviceTotalMem(&bytes, device));
        var capability = new Version(Attribute(CapabilityMajor, device), Attribute(CapabilityMinor, device));
        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        return new CudaDevice(
            index, Encoding.UTF8.GetString(text), checked((long)bytes), capability, Attribute(MultiprocessorCount, device), Attribute(ClockRate, device));
    }

    private int Handle(int index)
    {
        int device;
        Check("cuDeviceGet", _cuDeviceGet(&device, index));
        return device;
    }

    private int Attribute(int attribute, int device)
    {
        int value;
        Check("cuDeviceGetAttribute", _cuDeviceGetAttribute(&value, attribute, device));
        return value;
    }

    private void Check(string call, int code)
    {
        if (code != 0)
        {
            byte* name = null;
            var known = _cuGetErrorName(code, &name) == 0 && name is not null ? Marshal.PtrToStringUTF8((nint)name) : null;
            throw new CudaDriverException($"NVIDIA's driver: {call} failed with code {code} ({known ?? "a code without a name"}).");
        }
    }
}
