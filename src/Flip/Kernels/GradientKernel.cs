using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Flip.Kernels;

/// <summary>Gathers the bf16 gradients of a backward pass in fp32.</summary>
internal static unsafe class GradientKernel
{
    private const int Step = 32;

    /// <summary>sum ← sum + part, part ← 0, in one pass over entries <paramref name="start"/> to <paramref name="end"/>.</summary>
    /// <param name="sum">fp32.</param>
    /// <param name="part">bf16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first steps are long: no time for tiers
    public static void Gather(nint sum, nint part, long start, long end)
    {
        var to = (float*)sum;
        var from = (ushort*)part;
        var i = start;
        for (; i <= end - Step; i += Step)
        {
            var (a, b) = Bf16Vector.Widen(Vector512.Load(from + i));
            (Vector512.Load(to + i) + a).Store(to + i);
            (Vector512.Load(to + i + (Step / 2)) + b).Store(to + i + (Step / 2));
            Vector512<ushort>.Zero.Store(from + i);
        }

        for (; i < end; i++)
        {
            to[i] += Bf16Vector.Widen(from[i]);
            from[i] = 0;
        }
    }
}
