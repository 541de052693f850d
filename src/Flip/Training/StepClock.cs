using System.Diagnostics;
using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>A lap clock: the time since the last lap is counted under the part that just ended.</summary>
/// <param name="device">Where the work is; on a GPU a lap waits for it, so a clock costs a little there.</param>
public sealed class StepClock(Device device)
{
    private readonly double[] _seconds = new double[Enum.GetValues<StepPart>().Length];
    private long _last;

    /// <summary>Seconds counted under a part since <see cref="Restart"/>.</summary>
    public double this[StepPart part] => _seconds[(int)part];

    /// <summary>Seconds from <see cref="Restart"/> to the last lap.</summary>
    public double Total => _seconds.Sum();

    /// <summary>Forgets all laps and begins one.</summary>
    public void Restart()
    {
        Array.Clear(_seconds);
        _last = Now();
    }

    /// <summary>Ends a lap.</summary>
    public void Lap(StepPart part)
    {
        var now = Now();
        _seconds[(int)part] += Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
    }

    private long Now()
    {
        DeviceTraffic.Wait(device);
        return Stopwatch.GetTimestamp();
    }
}
