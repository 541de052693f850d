using Flip.Config;
using Flip.Randomness;

namespace Flip.Masking;

/// <summary>
/// Chooses which tokens of a caption are kept; the others are removed, not replaced (paper, section 4.1; block and truncate
/// from CLIPA). Kept positions stay in order. The token that the feature is read from is always kept: for FLIP position 0,
/// for CLIP the end-of-text marker, for CLIPA the last of the row; without it training and inference would read different things.
/// </summary>
public static class TextMask
{
    /// <summary>Chooses the kept positions of one row.</summary>
    /// <param name="kind">Way of choosing.</param>
    /// <param name="length">Positions in the row, padding included.</param>
    /// <param name="valid">Valid tokens at its front.</param>
    /// <param name="pooled">Position that is always kept.</param>
    /// <param name="idsKeep">Receives the kept positions, ascending; its length is how many.</param>
    /// <param name="random">The sample's generator.</param>
    public static void Choose(TextMaskKind kind, int length, int valid, int pooled, Span<long> idsKeep, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(idsKeep.Length, length);
        ArgumentOutOfRangeException.ThrowIfLessThan(idsKeep.Length, 1);
        if (kind == TextMaskKind.Block)
        {
            // The run slides over the valid tokens; a caption shorter than the run keeps all and some padding.
            var from = random.NextInt(Math.Max(0, valid - idsKeep.Length) + 1);
            Run(from, idsKeep);
        }
        else if (kind == TextMaskKind.Truncate)
        {
            Run(0, idsKeep);
        }
        else
        {
            var keys = new ulong[length];
            for (var i = 0; i < length; i++)
            {
                // 31 random bits below one that puts removed-first positions last.
                var late = kind == TextMaskKind.Prioritized && i >= valid ? 1UL << 63 : 0;
                keys[i] = late | ((ulong)(random.NextUInt32() >> 1) << 32) | (uint)i;
            }

            Array.Sort(keys);
            for (var i = 0; i < idsKeep.Length; i++)
            {
                idsKeep[i] = (uint)keys[i];
            }

            idsKeep.Sort();
        }

        KeepPooled(pooled, idsKeep);
    }

    /// <summary>The kept positions of a whole batch.</summary>
    /// <param name="kind">Way of choosing.</param>
    /// <param name="pooled">The position of each row that is always kept, <c>[batch]</c>.</param>
    /// <param name="length">Positions in a row, padding included.</param>
    /// <param name="kept">How many are kept.</param>
    /// <param name="seed">Seed of the choice.</param>
    /// <param name="epochs">Epoch of each row, <c>[batch]</c>.</param>
    /// <param name="samples">Number of each row's sample, <c>[batch]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[batch]</c>.</param>
    /// <returns><c>[batch, kept]</c>, row-major.</returns>
    public static long[] ChooseBatch(
        TextMaskKind kind,
        ReadOnlySpan<int> pooled,
        int length,
        int kept,
        ulong seed,
        ReadOnlySpan<int> epochs,
        ReadOnlySpan<long> samples,
        ReadOnlySpan<int> lengths)
    {
        var ids = new long[samples.Length * kept];
        for (var i = 0; i < samples.Length; i++)
        {
            var random = new CounterRandom(seed, RandomPurpose.TextMask, epochs[i], samples[i]);
            Choose(kind, length, lengths[i], pooled[i], ids.AsSpan(i * kept, kept), ref random);
        }

        return ids;
    }

    private static void Run(int from, Span<long> idsKeep)
    {
        for (var i = 0; i < idsKeep.Length; i++)
        {
            idsKeep[i] = from + i;
        }
    }

    /// <summary>If the pooled position was removed, the kept one nearest to it on its side of the row makes place.</summary>
    private static void KeepPooled(int pooled, Span<long> idsKeep)
    {
        if (!idsKeep.Contains(pooled))
        {
            var at = pooled < idsKeep[0] ? 0 : idsKeep.Length - 1;
            idsKeep[at] = pooled;
            idsKeep.Sort();
        }
    }
}
