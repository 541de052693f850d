using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>The norm of the whole gradient, and what clipping makes of it.</summary>
public static class GradientNorm
{
    /// <summary>The norm of a flat gradient, fp32.</summary>
    public static double Of(Tensor gradient)
    {
        using var norm = On(gradient);
        return DeviceTraffic.ReadNumbers([norm])[0];
    }

    /// <summary>The norm of a flat gradient on its device, fp32, a scalar; nothing is waited for.</summary>
    public static Tensor On(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return gradient.dot(gradient).sqrt().MoveToOuterDisposeScope();
    }

    /// <summary>The factor that brings a gradient of this norm to at most <paramref name="maxNorm"/>; 1 where it is within, or where
    /// <paramref name="maxNorm"/> is 0.</summary>
    public static double Scale(double norm, double maxNorm) => maxNorm > 0 && norm > maxNorm ? maxNorm / norm : 1;
}
