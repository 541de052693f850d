using System.Text;
using Flip.Collectives;

namespace Flip.Tests.Collectives;

public sealed class SharedBatchesTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 5)]
    [InlineData(3, 6)]
    [InlineData(4, 1)]
    [InlineData(4, 0)]
    public void Every_rank_gets_all_batches_in_order_and_makes_its_turn(int world, int count)
    {
        var made = new List<int>[world];
        var read = ThreadRanks.Run(world, ranks =>
        {
            made[ranks.Rank] = [];
            return Read(ranks, turn => Numbers(count, turn).Select(number =>
            {
                made[ranks.Rank].Add(number);
                return number;
            })).ToList();
        });
        Assert.All(read, numbers => Assert.Equal(Enumerable.Range(0, count), numbers));
        Assert.All(made.Index(), rank => Assert.All(rank.Item, number => Assert.Equal(rank.Index, number % world)));
    }

    [Fact]
    public void Numbers_keep_their_bits()
    {
        float[][] batches = [[1, float.NaN, -0f], [], [float.Epsilon]];
        var read = ThreadRanks.Run(2, ranks => SharedBatches.Read(ranks, turn => batches.Where((_, i) => turn.Has(i))).ToList());
        Assert.All(read, all => Assert.Equal(Bits(batches), Bits([.. all])));

        static IEnumerable<int[]> Bits(float[][] numbers) => numbers.Select(batch => Array.ConvertAll(batch, BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void A_failure_ends_all_behind_the_batches_before_it()
    {
        var ended = ThreadRanks.Run(3, ranks => UntilItEnds(ranks, number => number is 4 or 5 ? throw new IOException($"{number} is bad\nin detail") : number));
        Assert.All(ended, rank => Assert.Equal([0, 1, 2, 3], rank.Read));
        Assert.Equal("4 is bad\nin detail", Assert.IsType<IOException>(ended[1].End).Message);
        Assert.All([ended[0], ended[2]], rank =>
        {
            var told = Assert.IsType<RankFailedException>(rank.End);
            Assert.Equal((1, "Rank 1 on this host failed: 4 is bad"), (told.Rank, told.Message));
        });
    }

    [Fact]
    public void A_wish_to_stop_on_one_rank_stops_all_at_the_same_batch()
    {
        using var stop = new CancellationTokenSource();
        var ended = ThreadRanks.Run(
            3, ranks => UntilItEnds(ranks, number => number, ranks.Rank == 1 ? stop : null, stopAt: 3));
        Assert.All(ended, rank => Assert.Equal([0, 1, 2, 3, 4, 5, 6], rank.Read)); // rank 1 is before its third batch, number 7
        Assert.All(ended, rank => Assert.IsAssignableFrom<OperationCanceledException>(rank.End));
    }

    [Fact]
    public void Rank_0_works_alone_and_tells_or_keeps_what_comes_of_it()
    {
        var calls = 0;
        var told = ThreadRanks.Run(3, ranks => FirstRank.Tell(ranks, () => (double[])[double.NaN, 0.1, ++calls]));
        Assert.All(told, numbers => Assert.Equal([double.NaN, 0.1, 1], numbers));
        var kept = ThreadRanks.Run(3, ranks => FirstRank.Keep(ranks, () => "here"));
        Assert.Equal(["here", null, null], kept);
        Assert.Equal(3, FirstRank.Tell(OneProcess.Instance, () => 3));
    }

    [Fact]
    public void The_others_wait_for_long_work_of_rank_0()
    {
        var said = new int[2];
        ThreadRanks.Run(2, ranks => FirstRank.Do(ranks, () =>
        {
            Thread.Sleep(1300);
            said[ranks.Rank]++;
        }));
        Assert.Equal([1, 0], said);
    }

    [Fact]
    public void What_ends_rank_0_ends_all()
    {
        var failed = ThreadRanks.Run(2, ranks => Record.Exception(() => FirstRank.Do(ranks, () => throw new IOException("The disk is full."))));
        Assert.IsType<IOException>(failed[0]);
        Assert.Equal("Rank 0 on this host failed: The disk is full.", Assert.IsType<RankFailedException>(failed[1]).Message);
        var stopped = ThreadRanks.Run(2, ranks => Record.Exception(() => FirstRank.Do(ranks, () => throw new OperationCanceledException())));
        Assert.All(stopped, end => Assert.IsType<OperationCanceledException>(end));
    }

    [Fact]
    public void Ranks_with_other_work_are_told_what_differs()
    {
        var ends = ThreadRanks.Run(3, ranks => Record.Exception(() => SameWork.Require(ranks, "embeddings of 8", ranks.Rank == 2 ? "5 images" : "7 images")));
        Assert.All(ends, end => Assert.Equal(
            "The ranks do not share one work: rank 0 has 7 images, and rank 2 on this host has 5 images.", Assert.IsType<ConfigException>(end).Message));
        ThreadRanks.Run(2, ranks => SameWork.Require(ranks, "embeddings of 8"));
    }

    private static IEnumerable<int> Numbers(int count, Turn turn) => Enumerable.Range(0, count).Where(number => turn.Has(number));

    private static IEnumerable<int> Read(ICommunicator ranks, Func<Turn, IEnumerable<int>> own, CancellationToken cancellation = default) => SharedBatches.Read(
        ranks, own, number => Encoding.UTF8.GetBytes($"{number}"), bytes => int.Parse(bytes.Span, System.Globalization.CultureInfo.InvariantCulture), cancellation);

    private static (List<int> Read, Exception? End) UntilItEnds(
        ICommunicator ranks, Func<int, int> make, CancellationTokenSource? stop = null, int stopAt = -1)
    {
        var read = new List<int>();
        var end = Record.Exception(() =>
        {
            foreach (var number in Read(ranks, turn => Numbers(20, turn).Select(make), stop?.Token ?? default))
            {
                read.Add(number);
                if (number == stopAt)
                {
                    stop?.Cancel();
                }
            }
        });
        return (read, end);
    }
}
