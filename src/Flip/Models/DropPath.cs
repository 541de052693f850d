using Flip.Devices;
using Flip.Randomness;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Stochastic depth (arXiv 1603.09382): of each sample a block's attention, and by itself its MLP, is left out with a probability that grows
/// linearly from 0 in the first block to the given rate in the last; what is kept is scaled by 1 / (1 - probability), so that the expected
/// sum is the whole one. What is dropped is a function of (seed, epoch, sample, block) alone.
/// </summary>
public static class DropPath
{
    /// <summary>The probability of each block.</summary>
    /// <param name="depth">Number of blocks.</param>
    /// <param name="rate">That of the last block, in [0, 1).</param>
    public static double[] Rates(int depth, double rate) =>
        [.. Enumerable.Range(0, depth).Select(block => depth == 1 ? 0 : rate * block / (depth - 1))];

    /// <summary>The factors on the branches of samples.</summary>
    /// <param name="depth">Number of blocks.</param>
    /// <param name="rate">Probability in the last block, in [0, 1).</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epochs">Epoch of each sample, <c>[batch]</c>.</param>
    /// <param name="samples">Index of each sample, <c>[batch]</c>.</param>
    /// <returns>0 or 1 / (1 - probability), <c>[depth, 2, batch]</c>: of attention, then of the MLP.</returns>
    public static float[] Draw(int depth, double rate, ulong seed, ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples)
    {
        var rates = Rates(depth, rate);
        var scales = new float[depth * 2 * samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            var random = new CounterRandom(seed, RandomPurpose.DropPath, epochs[i], samples[i]);
            for (var branch = 0; branch < depth * 2; branch++)
            {
                var dropped = rates[branch / 2];
                scales[(branch * samples.Length) + i] = random.NextDouble() < dropped ? 0 : (float)(1 / (1 - dropped));
            }
        }

        return scales;
    }

    /// <summary>The factors as the blocks take them, <c>[depth, 2, batch, 1, 1]</c>; null at a rate of 0.</summary>
    internal static Tensor? Scales(
        int depth, double rate, ulong seed, ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples, ScalarType type, Device device)
    {
        if (rate == 0)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        return DeviceTraffic.Send<float>(Draw(depth, rate, seed, epochs, samples), device, depth, 2, samples.Length, 1, 1).to(type).MoveToOuterDisposeScope();
    }
}
