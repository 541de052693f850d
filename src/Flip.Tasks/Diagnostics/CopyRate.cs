using System.Diagnostics;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>How fast pinned memory is copied to a device.</summary>
public static class CopyRate
{
    private const int Bytes = 1 << 28;
    private const int Copies = 8;

    /// <summary>The best of a few rates, bytes a second; null for the processor, which copies nothing.</summary>
    /// <param name="device">The device.</param>
    public static double? Measure(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type == DeviceType.CPU)
        {
            return null;
        }

        using var buffer = new HostBuffer<byte>(Bytes, device);
        var best = 0.0;
        for (var i = 0; i < Copies; i++)
        {
            using var scope = NewDisposeScope();
            var started = Stopwatch.GetTimestamp();
            buffer.Send(Bytes);
            DeviceTraffic.Wait(device);
            best = Math.Max(best, Bytes / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }
}
