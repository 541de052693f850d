using System.Runtime.Intrinsics.X86;

namespace Flip.Native;

/// <summary>Which of libtorch's two libraries multiplies fp32 matrices quicker on this processor.</summary>
internal static class ProductLibrary
{
    private const uint Amd = 0x68747541; // "Auth", the beginning of AuthenticAMD

    /// <summary>
    /// True where it is oneDNN: on AMD's processors with AVX-512, which MKL passes over there. MKL has half of oneDNN's rate on Zen 5, whose units are 512 bits wide.
    /// </summary>
    public static bool IsOneDnn { get; } = X86Base.IsSupported && Avx512F.IsSupported && (uint)X86Base.CpuId(0, 0).Ebx == Amd;
}
