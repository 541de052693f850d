using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Optim;

/// <summary>The norm of the whole gradient.</summary>
public static class GradientNorm
{
    /// <summary>Scales a flat gradient so that its norm is at most <paramref name="maxNorm"/>.</summary>
    /// <param name="gradient">fp32, changed in place.</param>
    /// <param name="maxNorm">Largest norm; 0 leaves the gradient as it is.</param>
    /// <returns>The norm before scaling.</returns>
    public static double Clip(Tensor gradient, double maxNorm)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var norm = gradient.dot(gradient).sqrt().item<float>();
        if (maxNorm > 0 && norm > maxNorm)
        {
            gradient.Times_(maxNorm / norm);
        }

        return norm;
    }
}
