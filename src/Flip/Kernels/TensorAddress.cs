using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Kernels;

/// <summary>
/// The address of a tensor's first entry on the processor, for as long as this is not disposed of: libtorch's memory does not move, but it is
/// freed with the tensor, and the garbage collector may take a tensor whose address alone is in use.
/// </summary>
internal readonly struct TensorAddress : IDisposable
{
    private readonly Tensor? _tensor;

    private TensorAddress(Tensor? tensor, nint value) => (_tensor, Value) = (tensor, value);

    /// <summary>The address; 0 of no tensor, and of one without entries.</summary>
    public nint Value { get; }

    /// <summary>The address of a tensor; 0 where there is none.</summary>
    /// <typeparam name="T">Type of an entry.</typeparam>
    /// <exception cref="ArgumentException">The tensor is elsewhere, of another type, or its entries do not lie one after another.</exception>
    public static unsafe TensorAddress Of<T>(Tensor? tensor)
        where T : unmanaged
    {
        if (tensor is null)
        {
            return default;
        }

        if (tensor.device.type != DeviceType.CPU || tensor.ElementSize != sizeof(T) || !tensor.is_contiguous())
        {
            throw new ArgumentException($"Expected a contiguous tensor of {sizeof(T)} bytes an entry on the processor.", nameof(tensor));
        }

        if (tensor.numel() == 0)
        {
            return new TensorAddress(tensor, 0);
        }

        using var scope = NewDisposeScope();
        fixed (byte* first = tensor.view(-1).narrow(0, 0, 1).bytes) // a span holds less than 2 GiB
        {
            return new TensorAddress(tensor, (nint)first); // native memory, so nothing moves it
        }
    }

    /// <summary>Ends the use of the address.</summary>
    public void Dispose() => GC.KeepAlive(_tensor);
}
