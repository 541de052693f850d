using Flip.Kernels;
using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>
/// Memory of the processor that a device copies from: pinned for a GPU, so that copies neither pass through another buffer nor wait. It is
/// written as a span, from any thread.
/// </summary>
/// <typeparam name="T">byte, int, long, float or double.</typeparam>
public sealed class HostBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly Tensor _memory;
    private readonly nint _address;
    private bool _disposed;

    /// <summary>Memory that is not cleared.</summary>
    /// <param name="length">Entries, 0 or more.</param>
    /// <param name="device">The device that will copy from it.</param>
    public HostBuffer(long length, Device device)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(device);
        LibTorch.EnsureLoaded();
        using var scope = NewDisposeScope();
        var plain = empty(length, Type);
        _memory = (device.type == DeviceType.CUDA ? plain.pin_memory() : plain).DetachFromDisposeScope();
        using var address = TensorAddress.Of<T>(_memory);
        (_address, Length, Device) = (address.Value, length, device); // it stays: libtorch's memory does not move
    }

    /// <summary>Entries.</summary>
    public long Length { get; }

    /// <summary>The device that copies from it.</summary>
    public Device Device { get; }

    private static ScalarType Type =>
        typeof(T) == typeof(byte) ? ScalarType.Byte
        : typeof(T) == typeof(int) ? ScalarType.Int32
        : typeof(T) == typeof(long) ? ScalarType.Int64
        : typeof(T) == typeof(float) ? ScalarType.Float32
        : typeof(T) == typeof(double) ? ScalarType.Float64
        : throw new NotSupportedException($"A buffer of {typeof(T).Name}.");

    /// <summary>Some entries. The buffer must stay referenced while the span is in use.</summary>
    /// <param name="start">The first one.</param>
    /// <param name="count">How many.</param>
    public unsafe Span<T> Span(long start, int count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - count);
        return new Span<T>((T*)_address + start, count);
    }

    /// <summary>Puts a copy of the first entries into the device's queue; on the processor it is the buffer itself.</summary>
    /// <param name="shape">Shape of the tensor; its entries are taken from the front.</param>
    /// <returns>A tensor on <see cref="Device"/>. The buffer may be written again after the next wait for the device.</returns>
    public Tensor Send(params ReadOnlySpan<long> shape)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var count = 1L;
        foreach (var size in shape)
        {
            count *= size;
        }

        using var part = _memory.narrow(0, 0, count);
        using var sent = DeviceTraffic.Enqueue(part, Device);
        return sent.view(shape.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _memory.Dispose();
    }
}
