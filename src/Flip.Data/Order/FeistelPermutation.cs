using System.Numerics;
using Flip.Randomness;

namespace Flip.Data.Order;

/// <summary>
/// A pseudo-random permutation of 0..n-1 that is computed, not stored: a Feistel network over the next power of four,
/// walked along its cycle until the value lies below n (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
/// Shuffles without an array, so that an order of billions costs nothing and any place in it can be asked for.
/// </summary>
internal readonly struct FeistelPermutation
{
    // With fewer bits in a half the network reaches too few of the permutations of a handful of items.
    private const int MinHalfBits = 4;

    private readonly long _count;
    private readonly int _halfBits;
    private readonly (ulong A, ulong B, ulong C, ulong D, ulong E, ulong F) _keys;

    /// <summary>A permutation of <paramref name="count"/> items.</summary>
    /// <param name="count">Number of items n, positive.</param>
    /// <param name="random">Gives the round keys: equal generators give equal permutations.</param>
    public FeistelPermutation(long count, CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _count = count;
        var bits = 64 - BitOperations.LeadingZeroCount((ulong)(count - 1));
        _halfBits = Math.Max(MinHalfBits, (bits + 1) / 2);
        _keys = (Key(ref random), Key(ref random), Key(ref random), Key(ref random), Key(ref random), Key(ref random));
    }

    /// <summary>Where item <paramref name="index"/> goes, in [0, n).</summary>
    public long this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _count);
            var value = (ulong)index;
            do
            {
                value = Encrypt(value);
            }
            while (value >= (ulong)_count);
            return (long)value;
        }
    }

    private ulong Encrypt(ulong value)
    {
        var mask = (1UL << _halfBits) - 1;
        var (left, right) = (value >> _halfBits, value & mask);
        (left, right) = (right, left ^ (Mix(right, _keys.A) & mask));
        (left, right) = (right, left ^ (Mix(right, _keys.B) & mask));
        (left, right) = (right, left ^ (Mix(right, _keys.C) & mask));
        (left, right) = (right, left ^ (Mix(right, _keys.D) & mask));
        (left, right) = (right, left ^ (Mix(right, _keys.E) & mask));
        (left, right) = (right, left ^ (Mix(right, _keys.F) & mask));
        return (left << _halfBits) | right;
    }

    /// <summary>The finalizer of SplitMix64: each bit of the result depends on every bit of value and key.</summary>
    private static ulong Mix(ulong value, ulong key)
    {
        value = (value + key) * 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static ulong Key(ref CounterRandom random) => ((ulong)random.NextUInt32() << 32) | random.NextUInt32();
}
