using System.Buffers;

namespace Flip.Data;

/// <summary>Bytes from the shared pool, given back on disposal; an image file a sample would be a new large object each.</summary>
/// <param name="length">Number of bytes.</param>
public readonly struct PooledBytes(int length) : IDisposable
{
    private readonly byte[] _array = ArrayPool<byte>.Shared.Rent(length);

    /// <summary>The bytes, undefined at first.</summary>
    public Span<byte> Span => _array.AsSpan(0, length);

    /// <inheritdoc cref="Span"/>
    public Memory<byte> Memory => _array.AsMemory(0, length);

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_array);
}
