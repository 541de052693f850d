using Flip.Data.Order;
using Flip.Randomness;

namespace Flip.Tests.Data.Order;

public class FeistelPermutationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(997)]
    [InlineData(4096)]
    [InlineData(65537)]
    public void It_is_a_bijection(int count)
    {
        for (ulong seed = 0; seed < 3; seed++)
        {
            var permutation = Create(count, seed);
            var seen = new bool[count];
            for (var i = 0; i < count; i++)
            {
                Assert.False(seen[permutation[i]]);
                seen[permutation[i]] = true;
            }
        }
    }

    [Fact]
    public void Billions_need_no_memory()
    {
        const long Count = 400_000_000_000;
        var permutation = Create(Count, 1);
        var images = Enumerable.Range(0, 1000).Select(i => permutation[Count - 1 - i]).ToHashSet();
        Assert.Equal(1000, images.Count);
        Assert.All(images, image => Assert.InRange(image, 0, Count - 1));
        Assert.InRange(images.Average(), 0.45 * Count, 0.55 * Count);
    }

    [Fact]
    public void All_orders_of_five_items_are_equally_likely()
    {
        const int Trials = 24_000;
        var counts = new Dictionary<string, int>();
        for (ulong seed = 0; seed < Trials; seed++)
        {
            var permutation = Create(5, seed);
            var order = string.Concat(Enumerable.Range(0, 5).Select(i => permutation[i]));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        // Chi-square with 119 degrees of freedom: mean 119, deviation 15.4; 190 is 4.6 deviations.
        var chiSquare = counts.Values.Sum(n => Math.Pow(n - (Trials / 120.0), 2) / (Trials / 120.0));
        Assert.Equal(120, counts.Count);
        Assert.InRange(chiSquare, 60, 190);
    }

    [Fact]
    public void Neighbours_go_to_unrelated_places()
    {
        // Differences of neighbours, in 16 bins of equal probability.
        const int Count = 20_011;
        var permutation = Create(Count, 5);
        var bins = new int[16];
        for (var i = 0; i + 1 < Count; i++)
        {
            bins[(int)((permutation[i + 1] - permutation[i] + Count) % Count * 16 / Count)]++;
        }

        var expected = (Count - 1) / 16.0;
        Assert.InRange(bins.Sum(n => Math.Pow(n - expected, 2) / expected), 3, 45); // 15 degrees: mean 15, 45 is 5.5 deviations
    }

    private static FeistelPermutation Create(long count, ulong seed) => new(count, new CounterRandom(seed, RandomPurpose.Order));
}
