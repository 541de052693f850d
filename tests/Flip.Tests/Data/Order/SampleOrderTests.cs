using Flip.Data.Order;

namespace Flip.Tests.Data.Order;

public class SampleOrderTests
{
    public static TheoryData<int[]> Sizes => new([[1], [7], [1, 1], [5, 0, 3], [100, 1, 37, 64, 13], [.. Enumerable.Repeat(11, 70)]]);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_epoch_has_every_sample_once(int[] sizes)
    {
        foreach (var shuffleShards in (int[])[0, 1, 2, 64])
        {
            var order = new SampleOrder(sizes, seed: 3, shuffleShards);
            var total = sizes.Sum();
            for (var epoch = 0; epoch < 3; epoch++)
            {
                var samples = Epoch(order, epoch);
                Assert.Equal(Enumerable.Range(0, total).Select(i => (long)i), samples.Order());
            }
        }
    }

    [Fact]
    public void Position_gives_epoch_and_place()
    {
        var order = new SampleOrder([4, 6], seed: 1, 0);
        Assert.Equal(10, order.SamplesPerEpoch);
        Assert.Equal((2, 3L), (order.At(23).Epoch, order.At(23).Place));
        Assert.Equal((0, 0L), (order.At(0).Epoch, order.At(0).Place));
    }

    [Fact]
    public void Epochs_and_seeds_differ_and_equal_ones_agree()
    {
        int[] sizes = [50, 60, 70];
        var order = new SampleOrder(sizes, seed: 1, 2);
        Assert.NotEqual(Epoch(order, 0), Epoch(order, 1));
        Assert.NotEqual(Epoch(order, 0), Epoch(new SampleOrder(sizes, seed: 2, 2), 0));
        Assert.Equal(Epoch(order, 5), Epoch(new SampleOrder(sizes, seed: 1, 2), 5));
    }

    [Fact]
    public void Epochs_can_be_asked_for_in_any_order_from_many_threads()
    {
        int[] sizes = [50, 60, 70];
        var expected = Enumerable.Range(0, 10).Select(epoch => Epoch(new SampleOrder(sizes, 9, 1), epoch).ToArray()).ToArray();
        var shared = new SampleOrder(sizes, 9, 1);
        Parallel.For(0, 4000, i =>
        {
            var position = i * 7919L % 1800;
            Assert.Equal(expected[position / 180][position % 180], shared.At(position).Sample);
        });
    }

    [Fact]
    public void A_window_mixes_its_shards_and_no_others()
    {
        var order = new SampleOrder([.. Enumerable.Repeat(10, 12)], seed: 4, shuffleShards: 3);
        foreach (var window in Epoch(order, 0).Chunk(30))
        {
            Assert.Equal(3, window.Select(sample => sample / 10).Distinct().Count());
            Assert.NotEqual(window.Order(), window);
        }

        Assert.NotEqual(
            Epoch(order, 0).Take(30).Select(sample => sample / 10).Distinct().Order(),
            Epoch(order, 1).Take(30).Select(sample => sample / 10).Distinct().Order());
    }

    [Fact]
    public void A_sample_is_equally_likely_at_every_place()
    {
        // Sample 0 over 4000 epochs, in 12 places: 11 degrees of freedom, deviation 4.7.
        var order = new SampleOrder([5, 3, 4], seed: 8, shuffleShards: 0);
        var counts = new int[12];
        for (var epoch = 0; epoch < 4000; epoch++)
        {
            counts[Epoch(order, epoch).ToList().IndexOf(0)]++;
        }

        Assert.InRange(counts.Sum(n => Math.Pow(n - (4000 / 12.0), 2) / (4000 / 12.0)), 1, 35);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Interleaved_ranks_cover_all_positions_once(int world)
    {
        var order = new SampleOrder([13, 29, 7], seed: 4, 2);
        var ranks = Enumerable.Range(0, world).SelectMany(rank =>
            Enumerable.Range(0, 49).Where(position => position % world == rank).Select(position => order.At(position).Sample));
        Assert.Equal(Enumerable.Range(0, 49).Select(i => (long)i), ranks.Order());
    }

    [Fact]
    public void An_order_over_nothing_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampleOrder([0, 0], 0, 0));

    private static IEnumerable<long> Epoch(SampleOrder order, int epoch) => Enumerable.Range(0, (int)order.SamplesPerEpoch)
        .Select(place => order.At((epoch * order.SamplesPerEpoch) + place).Sample);
}
