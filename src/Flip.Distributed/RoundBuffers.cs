using System.Runtime.InteropServices;

namespace Flip.Distributed;

/// <summary>Memory for what the other ranks send in two rounds of a sum: one round arrives while the other is added.</summary>
internal sealed unsafe class RoundBuffers : IDisposable
{
    private readonly int _others;
    private readonly nint _bytes;
    private nint _memory;

    /// <param name="others">Other ranks.</param>
    /// <param name="bytes">Bytes of each in a round.</param>
    public RoundBuffers(int others, nint bytes)
    {
        (_others, _bytes) = (others, (bytes + 63) & ~63);
        _memory = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(64, 2 * others * _bytes), 64);
    }

    /// <summary>Where another rank's entries of a round go.</summary>
    public nint Of(long round, int other, int rank) => _memory + ((((nint)(round % 2) * _others) + (other < rank ? other : other - 1)) * _bytes);

    /// <summary>Where the entries of all ranks are, in their order.</summary>
    public nint[] InOrder(long round, int rank, nint own) =>
        [.. Enumerable.Range(0, _others + 1).Select(other => other == rank ? own : Of(round, other, rank))];

    /// <summary>Frees the memory. Never called while a transfer may still write into it.</summary>
    public void Dispose()
    {
        NativeMemory.AlignedFree((void*)_memory);
        _memory = 0;
    }
}
