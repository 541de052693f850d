using Flip.Data.Order;

namespace Flip.Tests.Data.Order;

public sealed class MixedOrderTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(3.0, 1.0)]
    [InlineData(0.2, 0.5, 0.0, 0.3)]
    [InlineData(1000.0, 1.0, 7.0)]
    public void Each_source_has_its_share_of_any_stretch(params double[] weights)
    {
        var cycle = new MixtureCycle(weights);
        var counts = new long[weights.Length];
        for (var place = 0L; place < 150_000; place++)
        {
            for (var source = 0; source < weights.Length; source++)
            {
                Assert.Equal(counts[source], cycle.Before(place, source));
                Assert.InRange(counts[source], (weights[source] / weights.Sum() * place) - weights.Length - 2, (weights[source] / weights.Sum() * place) + weights.Length + 2);
            }

            var (at, rank) = cycle.At(place);
            Assert.Equal(counts[at]++, rank);
        }
    }

    [Fact]
    public void Each_source_goes_through_its_own_epochs()
    {
        var order = new MixedOrder([new SampleOrder([4, 3], 1, 0), new SampleOrder([20], 2, 0)], [(0, [2, 1])]);
        var all = Enumerable.Range(0, 60).Select(position => order.At(position)).ToList();
        var small = all.Where(found => found.Sample < 7).ToList();
        var large = all.Where(found => found.Sample >= 7).ToList();
        Assert.Equal((40, 20), (small.Count, large.Count));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i / 7), small.Select(found => found.Epoch));
        Assert.All(small.Chunk(7).Where(epoch => epoch.Length == 7), epoch => Assert.Equal([0, 1, 2, 3, 4, 5, 6], epoch.Select(found => found.Sample).Order()));
        Assert.Equal(Enumerable.Range(7, 20).Select(i => (long)i), large.Select(found => found.Sample).Order());
        Assert.Equal((27L, (0L, 7L), (7L, 20L)), (order.SamplesPerEpoch, order.SourceOf(6), order.SourceOf(7)));
    }

    [Fact]
    public void Weights_change_at_their_positions_and_nothing_is_repeated_or_left_out()
    {
        var order = new MixedOrder([new SampleOrder([1000], 1, 0), new SampleOrder([1000], 2, 0)], [(0, [1, 0]), (100, [1, 3]), (300, [0, 1])]);
        var all = Enumerable.Range(0, 500).Select(position => order.At(position).Sample).ToList();
        Assert.Equal((0, 150, 200), (all[..100].Count(sample => sample >= 1000), all[100..300].Count(sample => sample >= 1000), all[300..].Count(sample => sample >= 1000)));
        Assert.Equal(500, all.Distinct().Count());
    }

    [Fact]
    public void Shards_are_named_as_far_as_their_source_is_wanted()
    {
        int[] sizes = [3, 5, 4];
        var order = new MixedOrder([new SampleOrder(sizes, 1, 1), new SampleOrder([50], 2, 0)], [(0, [1, 1]), (40, [0, 1])]);
        foreach (var position in (int[])[0, 7, 20, 33])
        {
            var shards = order.ShardsFrom(0, position).ToList();
            for (var at = position; at < 40; at++)
            {
                if (order.At(at).Sample is < 12 and var sample)
                {
                    var shard = sample < 3 ? 0 : sample < 8 ? 1 : 2;
                    Assert.Contains(shards, next => next.Shard == shard && next.End > at);
                }
            }

            Assert.All(shards, next => Assert.InRange(next.End, position, 40));
        }
    }

    [Fact]
    public void A_weight_below_nothing_and_weights_of_nothing_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MixtureCycle([0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MixtureCycle([2, -1]));
    }
}
