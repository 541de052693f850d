using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Kernels;

/// <summary>The memory of a tensor on the processor. It stays where it is while the tensor lives.</summary>
internal static class NativePointer
{
    /// <summary>Address of the first entry.</summary>
    /// <exception cref="ArgumentException">The tensor is elsewhere, of another type, or its entries do not lie one after another.</exception>
    public static unsafe T* Of<T>(Tensor tensor)
        where T : unmanaged
    {
        if (tensor.device.type != DeviceType.CPU || tensor.ElementSize != sizeof(T) || !tensor.is_contiguous())
        {
            throw new ArgumentException($"Expected a contiguous tensor of {sizeof(T)} bytes an entry on the processor.", nameof(tensor));
        }

        if (tensor.numel() == 0)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        fixed (byte* first = tensor.view(-1).narrow(0, 0, 1).bytes) // a span holds less than 2 GiB
        {
            return (T*)first; // native memory, so nothing moves it
        }
    }
}
