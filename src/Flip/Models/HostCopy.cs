using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Tensors of plain memory.</summary>
internal static class HostCopy
{
    /// <summary>
    /// A tensor on a device. To a GPU the copy is made from pinned memory and does not wait: the work that is put behind it on the same stream
    /// comes after it, and libtorch keeps the pinned memory until then.
    /// </summary>
    /// <param name="device">Where it is to be; null for the processor.</param>
    /// <param name="make">Makes it on the processor.</param>
    public static Tensor To(Device? device, Func<Tensor> make)
    {
        if (device is null || device.type != DeviceType.CUDA)
        {
            return make();
        }

        using var host = make();
        using var pinned = host.pin_memory();
        return pinned.to(device, non_blocking: true);
    }
}
