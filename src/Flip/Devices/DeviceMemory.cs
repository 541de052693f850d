using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>Memory of this machine and its devices.</summary>
public static class DeviceMemory
{
    /// <summary>Memory of the processor that this process may use, bytes.</summary>
    public static long OfMachine => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>All memory of a device, bytes; of the processor what this process may use. It is the same whenever it is asked for.</summary>
    /// <param name="device">The device.</param>
    public static long Of(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.type == DeviceType.CUDA ? throw new NotSupportedException("wired with the driver") : OfMachine;
    }

    /// <summary>
    /// What is in use of a device's memory, bytes: libtorch keeps what it took once, so it is close to the largest that it needed. Of the processor the largest resident
    /// memory of this process.
    /// </summary>
    /// <param name="device">The device.</param>
    public static long Used(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type == DeviceType.CUDA)
        {
            throw new NotSupportedException("wired with the driver");
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
