using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>
/// Numbers that a device was told to compute, and to copy back once they are there. Reading them waits for just that, and for nothing that was put
/// into the device's queue later; so the device has work while its last result is read (<see cref="OneAhead"/>).
/// </summary>
public sealed class PendingResult : IDisposable
{
    private readonly Tensor _numbers; // fp32, on the processor: pinned memory of a GPU's result
    private readonly Device _device;
    private readonly CudaEvent? _done;

    internal PendingResult(Tensor result)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var floats = result.detach().to(ScalarType.Float32).contiguous();
        _device = result.device;
        var isOnGpu = _device.type == DeviceType.CUDA;
        _numbers = (isOnGpu ? floats.to(CPU, non_blocking: true) : floats.alias()).DetachFromDisposeScope();
        _done = isOnGpu ? CudaEvent.TryRecord(_device.index) : null;
    }

    /// <summary>The numbers, row-major. Waits until the device has computed them; to be called once.</summary>
    public float[] Read()
    {
        DeviceTraffic.CountWait();
        if (_device.type == DeviceType.CUDA && _done?.Wait() != true)
        {
            cuda.synchronize(_device);
        }

        return _numbers.data<float>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _numbers.Dispose();
        _done?.Dispose();
    }
}
