using Flip.Config;
using Flip.Devices;
using Flip.Native;
using TorchSharp;

namespace Flip.Tasks.Diagnostics;

/// <summary>Which kernels a training would use: where several compute the same, the quickest on that device.</summary>
public static class ChosenKernels
{
    /// <summary>A line for each.</summary>
    /// <param name="compute">Where and in which number format.</param>
    public static IReadOnlyList<string> Of(Compute compute)
    {
        ArgumentNullException.ThrowIfNull(compute);
        var onProcessor = compute.Device.type == DeviceType.CPU;
        return
        [
            !onProcessor ? "attention: libtorch's, flash where there is no mask"
                : compute.Precision == Precision.Bf16 ? "attention: plain products" : "attention: libtorch's",
            onProcessor && compute.Precision == Precision.Fp32 && ProductLibrary.IsOneDnn ? "products: oneDNN's" : "products: libtorch's choice",
            onProcessor ? "update: Flip's, one pass"
                : LibTorchDispatcher.Loaded is null ? "update: operations one by one (this libtorch's fused one cannot be reached)" : "update: libtorch's fused AdamW",
        ];
    }
}
