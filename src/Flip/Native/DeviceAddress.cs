using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Flip.Native;

/// <summary>The address of a tensor's first entry on any device, from libtorch's C interface: TorchSharp tells it on the processor alone.</summary>
internal static unsafe class DeviceAddress
{
    private static readonly Lazy<nint> Function = new(Find);

    /// <summary>The address. It is good for as long as the caller keeps the tensor.</summary>
    /// <exception cref="LibTorchException">This libtorch does not tell it.</exception>
    public static nint Of(Tensor tensor)
    {
        var call = (delegate* unmanaged<nint, nint*, int>)Function.Value;
        nint address;
        if (call(tensor.Handle, &address) != 0)
        {
            throw new LibTorchException("libtorch does not give the address of a tensor.");
        }

        GC.KeepAlive(tensor);
        return address;
    }

    private static nint Find()
    {
        LibTorch.EnsureLoaded();
        return NativeLibrary.TryLoad("libtorch_cpu.so", out var library) && NativeLibrary.TryGetExport(library, "aoti_torch_get_data_ptr", out var function)
            ? function
            : throw new LibTorchException("This libtorch has no aoti_torch_get_data_ptr, which GPUs of several ranks need.");
    }
}
