using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Tasks.Finetuning;

/// <summary>WiSE-FT (arXiv 2109.01903): weights between those of a zero-shot classifier and those it was fine-tuned to.</summary>
public static class WeightInterpolation
{
    /// <summary>Sets the weights to (1 - α) · start + α · tuned; at 0 and 1 they are the ends' to the last bit.</summary>
    /// <param name="target">Receives them.</param>
    /// <param name="start">Weights before fine-tuning, flat, <c>[parameters]</c>.</param>
    /// <param name="tuned">Weights after, flat, <c>[parameters]</c>.</param>
    /// <param name="alpha">From 0, the start, to 1, the tuned ones.</param>
    public static void Apply(FlatParameters target, Tensor start, Tensor tuned, double alpha)
    {
        if (start.numel() != target.Count || tuned.numel() != target.Count)
        {
            throw new ArgumentException($"{start.numel()} and {tuned.numel()} weights do not interpolate to {target.Count}.", nameof(tuned));
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        target.Master.copy_(alpha == 0 ? start : alpha == 1 ? tuned : start.Times(1 - alpha).Plus_(tuned, alpha));
        target.CastToCompute();
    }
}
