using Flip.Collectives;
using Flip.Tasks.Diagnostics;
using Flip.Tests.Collectives;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Diagnostics;

public sealed class CollectiveChecksTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_that_exchange_rightly_pass(int world) => Assert.All(
        ThreadRanks.Run(world, ranks => new CollectiveChecks(ranks, CPU).Run(default).ToList()).SelectMany(checks => checks),
        check => Assert.True(check.Passed, $"{check.Name}: {check.Problem}"));

    [Fact]
    public void A_wrong_sum_is_found_and_named_on_all_ranks()
    {
        var found = ThreadRanks.Run(2, ranks => new CollectiveChecks(new Forgetful(ranks), CPU).Run(default).First());
        Assert.All(found, check => Assert.Equal((false, "rank 1 on this host: the values are others than the ranks have sent"), (check.Passed, check.Problem)));
    }

    [Fact]
    public void The_constants_of_exact_times_are_found()
    {
        var fit = AlphaBeta.Fit([.. new long[] { 100, 10_000, 1_000_000 }.Select(bytes => new CollectiveTime("shift", bytes, bytes, 1, 2e-5 + (bytes * 1e-9)))]);
        Assert.Equal(2e-5, fit.Alpha, 1e-12);
        Assert.Equal(1e-9, fit.Beta, 1e-16);
        Assert.InRange(fit.WorstError, 0, 1e-9);
        Assert.Equal(1e9, fit.Bandwidth!.Value, 1.0);
    }

    [Fact]
    public void No_constant_is_less_than_nothing()
    {
        var faster = AlphaBeta.Fit([new CollectiveTime("shift", 1, 1, 1, 2e-5), new CollectiveTime("shift", 1000, 1000, 1, 1e-5)]);
        Assert.Equal((0, null), (faster.Beta, faster.Bandwidth));
        Assert.True(faster.Alpha > 0);
        var steeper = AlphaBeta.Fit([new CollectiveTime("shift", 1000, 1000, 1, 1e-6), new CollectiveTime("shift", 2000, 2000, 1, 4e-6)]);
        Assert.Equal(0, steeper.Alpha);
        Assert.True(steeper.Beta > 0);
    }

    /// <summary>Rank 1 loses the last entry of each sum.</summary>
    private sealed class Forgetful(ICommunicator ranks) : ICommunicator
    {
        public int Rank => ranks.Rank;

        public int World => ranks.World;

        public IReadOnlyList<RankPlace> Places => ranks.Places;

        public CollectiveCount Sent => ranks.Sent;

        public PendingCollective StartSum(Tensor values)
        {
            ranks.StartSum(values).Wait();
            if (Rank == 1)
            {
                values.view(-1).narrow(0, values.numel() - 1, 1).zero_();
            }

            return PendingCollective.Done;
        }

        public PendingCollective StartMax(Tensor values) => ranks.StartMax(values);

        public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts) => ranks.StartGather(own, all, counts);

        public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts) => ranks.StartScatterSum(all, own, counts);

        public PendingCollective StartBroadcast(Tensor values, int root = 0) => ranks.StartBroadcast(values, root);

        public PendingCollective StartShift(Tensor send, Tensor receive) => ranks.StartShift(send, receive);

        public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0) => ranks.Broadcast(bytes, root);

        public byte[][] Exchange(ReadOnlySpan<byte> bytes) => ranks.Exchange(bytes);

        public void Fail(string reason) => ranks.Fail(reason);

        public void Dispose()
        {
            // The ranks are somebody else's.
        }
    }
}
