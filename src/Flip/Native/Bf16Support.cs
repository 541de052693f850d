using System.Runtime.Intrinsics.X86;

namespace Flip.Native;

/// <summary>Whether the processor multiplies bfloat16 itself; where it does not, libtorch emulates it slowly.</summary>
public static class Bf16Support
{
    /// <summary>True with AVX512-BF16 or AMX-BF16.</summary>
    public static bool OnProcessor { get; } = Detect();

    private static bool Detect()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }

        var amx = (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
        var avx512 = (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;
        return amx || avx512;
    }
}
