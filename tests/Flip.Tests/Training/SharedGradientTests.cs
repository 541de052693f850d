using Flip.Collectives;
using Flip.Config;
using Flip.Optim;
using Flip.Tests.Collectives;
using Flip.Training;

namespace Flip.Tests.Training;

/// <summary>
/// Ranks that share a step get the gradient of one process, whatever the number of ranks, the micro-batch and the way texts are exchanged. Nothing is multiplied or divided by the
/// number of ranks.
/// </summary>
public sealed class SharedGradientTests
{
    public static TheoryData<int, int, LossKind, TextExchange, int, int> Divisions => new()
    {
        { 1, 8, LossKind.InfoNce, TextExchange.Gather, 0, 0 },
        { 2, 8, LossKind.InfoNce, TextExchange.Gather, 0, 0 },
        { 2, 8, LossKind.InfoNce, TextExchange.Ring, 2, 0 },
        { 2, 9, LossKind.Sigmoid, TextExchange.Gather, 2, 1 },
        { 3, 8, LossKind.InfoNce, TextExchange.Gather, 2, 0 },
        { 3, 13, LossKind.Sigmoid, TextExchange.Ring, 0, 1 },
        { 4, 130, LossKind.InfoNce, TextExchange.Gather, 10, 0 },
        { 4, 130, LossKind.InfoNce, TextExchange.Ring, 0, 0 },
        { 8, 8, LossKind.InfoNce, TextExchange.Ring, 0, 0 },
        { 8, 19, LossKind.InfoNce, TextExchange.Gather, 1, 2 },
    };

    [Theory]
    [MemberData(nameof(Divisions))]
    public void Gradients_of_ranks_equal_those_of_one_process(
        int world, int batchSize, LossKind loss, TextExchange exchange, int microBatch, int checkpointBlocks)
    {
        foreach (var (reconstruction, divides) in new[] { (0.0, true), (0.5, false) })
        {
            var config = WithRanks(batchSize, loss, exchange, microBatch, checkpointBlocks, reconstruction);
            using var model = TinyRun.Model(config);
            var whole = new TrainingStep(model, config.Train with { MicroBatch = 0, CheckpointBlocks = 0 }).ComputeGradient(TinyRun.Batch(batchSize), 0.5);
            var expected = model.Parameters.Gradient.data<float>().ToArray();
            var found = ThreadRanks.Run(world, ranks => Gradient(config, ranks, divides));

            Assert.Equal(whole.Loss, found.Sum(rank => rank.Loss.Loss), 1e-5 * whole.Loss);
            Assert.Equal(whole.ReconstructionLoss ?? 0, found.Sum(rank => rank.Loss.ReconstructionLoss ?? 0), 1e-5);
            foreach (var rank in found)
            {
                AssertClose(expected, rank.Owned, 2e-5);
            }

            // Each entry is owned once, or by all.
            var owners = Enumerable.Range(0, expected.Length).Select(i => found.Count(rank => rank.Owned[i] is not null));
            Assert.All(owners, count => Assert.Equal(divides || world == 1 ? 1 : world, count));
        }
    }

    [Fact]
    public void Gradients_of_ranks_in_bf16_point_where_those_of_one_process_point()
    {
        var config = WithRanks(13, LossKind.InfoNce, TextExchange.Gather, 0, 0, 0);
        config = config with { Train = config.Train with { Precision = Precision.Bf16 } };
        using var model = TinyRun.Model(config);
        new TrainingStep(model, config.Train).ComputeGradient(TinyRun.Batch(13), 0.5);
        var expected = model.Parameters.Gradient.data<float>().ToArray();
        var found = ThreadRanks.Run(3, ranks => Gradient(config, ranks, divides: false));
        Assert.All(found, rank => AssertClose(expected, rank.Owned, 0.02));
    }

    /// <summary>Holds what was found to what is expected, where there is something, to a share of the largest value.</summary>
    internal static void AssertClose(float[] expected, float?[] found, double tolerance)
    {
        var scale = expected.Max(MathF.Abs);
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.InRange(Math.Abs(pair.First - (pair.Second ?? pair.First)), 0, tolerance * scale));
    }

    private static FlipConfig WithRanks(int batchSize, LossKind loss, TextExchange exchange, int microBatch, int checkpointBlocks, double reconstruction) =>
        TinyRun.Config with
        {
            Model = TinyRun.Config.Model with
            {
                Text = TinyRun.Config.Model.Text with { AttendPadding = false },
                Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 1, Heads = 2 },
            },
            Train = TinyRun.Config.Train with
            {
                BatchSize = batchSize,
                Loss = loss,
                TextExchange = exchange,
                MicroBatch = microBatch,
                CheckpointBlocks = checkpointBlocks,
            },
        };

    /// <summary>The step of one rank: its part of the loss, and the gradient where it owns it.</summary>
    private static (StepLoss Loss, float?[] Owned) Gradient(FlipConfig config, ICommunicator ranks, bool divides)
    {
        using var model = TinyRun.Model(config);
        var shards = ParameterShards.Of(model.Parameters, ranks, divides);
        var share = new BatchShare(ranks, config.Train.BatchSize);
        var step = new TrainingStep(model, config.Train, exchange: new GradientExchange(model.Parameters, ranks, shards));
        using var source = new TinyRun.PositionSource(0) { Share = share };
        using var batch = HeldBatch.Read(
            source, share.Count, config.Train.MicroBatch == 0 ? share.Count : config.Train.MicroBatch, TinyRun.Layout(config), 0.5);
        using var loss = step.ComputeGradient(batch, share);
        var gradient = model.Parameters.Gradient.data<float>().ToArray();
        var owned = new float?[gradient.Length];
        foreach (var piece in shards.Owned)
        {
            for (var i = piece.First; i < piece.End; i++)
            {
                owned[i] = gradient[i];
            }
        }

        return (loss.Read(), owned);
    }
}
