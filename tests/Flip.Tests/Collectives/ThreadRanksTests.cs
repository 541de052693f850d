using Flip.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Collectives;

/// <summary>Shares, counts and the ranks that the other tests run on.</summary>
public sealed class ThreadRanksTests
{
    [Theory]
    [InlineData(130, 4, new long[] { 33, 33, 32, 32 })]
    [InlineData(8, 8, new long[] { 1, 1, 1, 1, 1, 1, 1, 1 })]
    [InlineData(2, 3, new long[] { 1, 1, 0 })]
    public void Shares_are_consecutive_and_differ_by_one_at_most(long total, int world, long[] counts)
    {
        Assert.Equal(counts, Share.Counts(total, world));
        var shares = Enumerable.Range(0, world).Select(rank => Share.Of(total, world, rank)).ToList();
        Assert.Equal(0, shares[0].First);
        Assert.Equal(total, shares[^1].End);
        Assert.All(shares.Zip(shares.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.First));
    }

    [Fact]
    public void Every_operation_gives_every_rank_its_part()
    {
        ThreadRanks.Run(3, ranks =>
        {
            var own = full(2, ranks.Rank + 1f);
            var sum = own.clone();
            ranks.StartSum(sum).Wait();
            Assert.Equal([6f, 6f], sum.data<float>().ToArray());

            var most = own.clone();
            ranks.StartMax(most).Wait();
            Assert.Equal([3f, 3f], most.data<float>().ToArray());

            var counts = new long[] { 1, 2, 0 };
            var all = zeros(3);
            ranks.StartGather(full(counts[ranks.Rank], ranks.Rank + 1f), all, counts).Wait();
            Assert.Equal([1f, 2f, 2f], all.data<float>().ToArray());

            var mine = zeros(counts[ranks.Rank]);
            ranks.StartScatterSum(arange(3).to(ScalarType.Float32), mine, counts).Wait();
            Assert.Equal(new[] { new[] { 0f }, [3f, 6f], [] }[ranks.Rank], mine.data<float>().ToArray());

            var received = zeros(2);
            ranks.StartShift(own, received).Wait();
            Assert.Equal((ranks.Rank + 1) % 3 + 1f, received[0].item<float>());

            Assert.Equal([1], ranks.Broadcast([(byte)ranks.Rank], root: 1));
            Assert.Equal([0, 1, 2], ranks.Exchange([(byte)ranks.Rank]).Select(bytes => (int)bytes[0]));
        });
    }

    [Fact]
    public void A_rank_that_fails_ends_those_that_wait_for_it()
    {
        var ended = 0;
        var failure = Assert.Throws<InvalidOperationException>(() => ThreadRanks.Run(3, ranks =>
        {
            if (ranks.Rank == 1)
            {
                throw new InvalidOperationException("broken");
            }

            try
            {
                ranks.StartSum(zeros(1)).Wait();
            }
            catch (RankFailedException e)
            {
                Assert.Equal(1, e.Rank);
                Interlocked.Increment(ref ended);
                throw;
            }
        }));
        Assert.Equal("broken", failure.Message);
        Assert.Equal(2, ended);
    }

    [Fact]
    public void Bytes_are_those_that_any_way_has_to_send()
    {
        // A sum on all is a sum that is scattered and the gather of its parts.
        var whole = CollectiveCount.OfSum(120, 4);
        Assert.Equal(CollectiveCount.OfScatterSum(120, 30).Bytes + CollectiveCount.OfGather(30, 4).Bytes, whole.Bytes);
        Assert.Equal(180, whole.Bytes);
    }
}
