using Flip.Randomness;

namespace Flip.Tests.Randomness;

public class CounterRandomTests
{
    // Known answers of the Random123 distribution (kat_vectors, philox4x32 with 10 rounds).
    [Fact]
    public void Philox_gives_the_published_answers()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), CounterRandom.Philox((0, 0, 0, 0), (0, 0)));
        const uint F = 0xffffffff;
        Assert.Equal((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu), CounterRandom.Philox((F, F, F, F), (F, F)));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            CounterRandom.Philox((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0)));
    }

    [Fact]
    public void Equal_keys_give_equal_numbers_and_any_other_key_gives_others()
    {
        static uint[] Draw(CounterRandom random) => [.. Enumerable.Range(0, 9).Select(_ => random.NextUInt32())];
        var numbers = Draw(new CounterRandom(1, RandomPurpose.Caption, 2, 3));
        Assert.Equal(numbers, Draw(new CounterRandom(1, RandomPurpose.Caption, 2, 3)));
        CounterRandom[] others =
        [
            new(2, RandomPurpose.Caption, 2, 3), new(1, RandomPurpose.TextMask, 2, 3), new(1, RandomPurpose.Caption, 3, 3),
            new(1, RandomPurpose.Caption, 2, 4), new(1UL << 32 | 1, RandomPurpose.Caption, 2, 3), new(1, RandomPurpose.Caption, 2, 3L << 32),
        ];
        Assert.All(others, other => Assert.Empty(Draw(other).Intersect(numbers)));
    }

    [Fact]
    public void Whole_numbers_are_uniform()
    {
        var random = new CounterRandom(5, RandomPurpose.Evaluation);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[random.NextInt(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void Normal_numbers_have_mean_0_and_variance_1()
    {
        var random = new CounterRandom(6, RandomPurpose.Evaluation);
        var numbers = Enumerable.Range(0, 100_000).Select(_ => random.NextNormal()).ToArray();
        Assert.InRange(numbers.Average(), -0.02, 0.02);
        Assert.InRange(numbers.Average(x => x * x), 0.97, 1.03);
    }
}
