using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Flip.Kernels;

/// <summary>bfloat16 in vectors: the upper half of an fp32.</summary>
internal static class Bf16Vector
{
    /// <summary>Widens 32 numbers to two vectors of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Lower, Vector512<float> Upper) Widen(Vector512<ushort> bits)
    {
        var (lower, upper) = Vector512.Widen(bits);
        return ((lower << 16).AsSingle(), (upper << 16).AsSingle());
    }

    /// <summary>Rounds two vectors of 16 finite numbers to 32, ties to even, as libtorch does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> Round(Vector512<float> lower, Vector512<float> upper) => Vector512.Narrow(Upper(lower), Upper(upper));

    /// <summary>One number, widened.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>One finite number, rounded, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Round(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Upper(Vector512<float> number)
    {
        var bits = number.AsUInt32();
        return (bits + Vector512.Create(0x7fffu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
    }
}
