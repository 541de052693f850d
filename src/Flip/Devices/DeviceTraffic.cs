using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>
/// The one way between the processor's memory and a device on paths that repeat. A GPU works through a queue: what is put into it does not
/// wait, and whoever reads a result waits for all before it. So both are counted here, by thread; on the processor too, as though it were a
/// device, which lets tests hold the numbers without a GPU.
/// </summary>
public static class DeviceTraffic
{
    [ThreadStatic]
    private static TrafficCount _count;

    /// <summary>What this thread has sent and waited for so far.</summary>
    public static TrafficCount OnThread => _count;

    /// <summary>Copies values to a device, through pinned memory where it is a GPU; nothing is waited for.</summary>
    /// <typeparam name="T">byte, int, long, float or double.</typeparam>
    /// <param name="values">Values, row-major.</param>
    /// <param name="device">Where to.</param>
    /// <param name="shape">Shape of the tensor.</param>
    public static Tensor Send<T>(ReadOnlySpan<T> values, Device device, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        using var buffer = new HostBuffer<T>(values.Length, device); // libtorch keeps pinned memory until the copy is done
        values.CopyTo(buffer.Span(0, values.Length));
        return buffer.Send(shape);
    }

    /// <summary>The numbers of a tensor, row-major. Waits for the device.</summary>
    /// <param name="tensor">Of any floating type and shape.</param>
    public static float[] Read(Tensor tensor)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        CountWait();
        return tensor.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>The numbers of a tensor, row-major, exact for fp32 and fp64. Waits for the device.</summary>
    /// <param name="tensor">Of any floating type and shape.</param>
    public static double[] ReadDoubles(Tensor tensor)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        CountWait();
        return tensor.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
    }

    /// <summary>Copies a tensor into memory of the processor that is there already. Waits for the device.</summary>
    /// <param name="tensor">Of any shape.</param>
    /// <param name="target">Of the same shape and type, on the processor.</param>
    public static void ReadInto(Tensor tensor, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var noGrad = no_grad();
        CountWait();
        target.copy_(tensor);
    }

    /// <summary>
    /// Puts the copy of a result from the device into its queue, right behind what computes it. Nothing is waited for before it is read
    /// (<see cref="PendingResult.Read"/>).
    /// </summary>
    /// <param name="tensor">Of any floating type and shape.</param>
    public static PendingResult StartRead(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new PendingResult(tensor);
    }

    /// <summary>Several single numbers in one wait, exact for fp32 and fp64.</summary>
    /// <param name="numbers">Tensors of one entry each, on one device.</param>
    public static double[] ReadNumbers(IReadOnlyList<Tensor> numbers)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        CountWait();
        return cat([.. numbers.Select(number => number.detach().view(1).to(ScalarType.Float64))]).cpu().data<double>().ToArray();
    }

    /// <summary>Waits until a device has done all that it was given; nothing to wait for on the processor.</summary>
    /// <param name="device">The device.</param>
    public static void Wait(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.type == DeviceType.CUDA)
        {
            CountWait();
            cuda.synchronize(device);
        }
    }

    /// <summary>
    /// Puts a copy to the device into its queue and returns at once where the memory is pinned. On the processor it is the same memory.
    /// The memory may be written again after the next wait.
    /// </summary>
    internal static Tensor Enqueue(Tensor host, Device device)
    {
        _count = _count with { Copies = _count.Copies + 1, Bytes = _count.Bytes + (host.numel() * host.ElementSize) };
        return device.type == DeviceType.CPU ? host.alias() : host.to(device, non_blocking: true);
    }

    internal static void CountWait() => _count = _count with { Waits = _count.Waits + 1 };
}
