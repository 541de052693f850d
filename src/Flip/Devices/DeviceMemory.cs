using System.Diagnostics;
using Flip.Native;
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
    /// <exception cref="ConfigException">It is a GPU, and NVIDIA's driver does not tell.</exception>
    public static long Of(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.type != DeviceType.CUDA ? OfMachine
            : CudaDriver.Devices.ElementAtOrDefault(Index(device))?.TotalBytes
                ?? throw new ConfigException($"The memory of {device} is not known: {CudaDriver.Problem ?? "the driver sees other devices than libtorch"}");
    }

    /// <summary>
    /// What is in use of a device's memory, bytes: libtorch keeps what it took once, so it is close to the largest that it needed. Of the processor the largest resident
    /// memory of this process.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <exception cref="CudaDriverException">It is a GPU, and NVIDIA's driver does not tell.</exception>
    public static long Used(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type == DeviceType.CUDA)
        {
            var (free, total) = CudaDriver.Memory(Index(device));
            return total - free;
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>A device that is named without a number is the first.</summary>
    private static int Index(Device device) => Math.Max(0, device.index);
}
