namespace Flip.Native;

/// <summary>
/// What NVIDIA's driver says about its devices, without libtorch: the driver's library is loaded at the first question. Where there is no driver,
/// nothing fails: there are no devices, and <see cref="Problem"/> says why.
/// </summary>
public static class CudaDriver
{
    private static readonly Lazy<Findings> Found = new(Find);

    /// <summary>The devices that this process sees; none where there is a <see cref="Problem"/>.</summary>
    public static IReadOnlyList<CudaDevice> Devices => Found.Value.Devices;

    /// <summary>The highest version of CUDA that the driver runs, such as 12.8; null where there is no driver.</summary>
    public static Version? Version => Found.Value.Version;

    /// <summary>Why there are no devices, in one line; null where there are some.</summary>
    public static string? Problem => Found.Value.Problem;

    /// <summary>
    /// Free and total memory of a device now, in bytes. The driver tells it in a context alone: where nothing has used the device yet, one is made and
    /// released, which takes some hundred megabytes and a fraction of a second.
    /// </summary>
    /// <param name="index">The device's number.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="CudaDriverException">The driver refuses.</exception>
    public static (long Free, long Total) Memory(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Devices.Count);
        return Found.Value.Api!.Memory(index);
    }

    private static Findings Find()
    {
        var (api, problem) = CudaDriverApi.Load();
        if (api is null)
        {
            return new(null, null, [], problem);
        }

        Version? version = null;
        try
        {
            version = api.Start();
            var devices = api.Devices();
            return new(api, version, devices, devices.Count == 0 ? "The NVIDIA driver sees no device." : null);
        }
        catch (CudaDriverException e)
        {
            return new(null, version, [], e.Message);
        }
    }

    private sealed record Findings(CudaDriverApi? Api, Version? Version, IReadOnlyList<CudaDevice> Devices, string? Problem);
}
