using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Tests.Collectives;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

/// <summary>
/// Ranks that share a training get what one process gets: losses, weights, moments, checkpoints, whatever the number of ranks, the micro-batch and the way
/// texts are exchanged; and they stop together.
/// </summary>
public sealed class SharedTrainingTests
{
    public static TheoryData<int, int, TextExchange, bool, double> Runs => new()
    {
        { 2, 0, TextExchange.Gather, true, 0 },
        { 2, 2, TextExchange.Ring, true, 0.9 },
        { 3, 0, TextExchange.Gather, false, 0 },
        { 4, 1, TextExchange.Gather, true, 0 },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_on_ranks_is_the_run_of_one_process(int world, int microBatch, TextExchange exchange, bool divides, double ema)
    {
        using var folder = new TemporaryFolder();
        var single = TinyRun.Config with { Train = TinyRun.Config.Train with { WeightEma = ema } };
        var shared = single with { Train = single.Train with { MicroBatch = microBatch, TextExchange = exchange, ShardOptimizer = divides } };
        float[] expected = [];
        var losses = TinyRun.Losses(single, folder.File("one"), after: model => expected = Weights(model));
        var found = ThreadRanks.Run(world, ranks => Run(shared, folder.File("many"), null, ranks));

        Assert.All(found, rank =>
        {
            Assert.Equal(losses.Count, rank.Losses.Count);
            Assert.All(losses.Zip(rank.Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            Assert.Equal(found[0].Weights, rank.Weights); // to the last bit: else ranks would drift apart
        });
        SharedGradientTests.AssertClose(expected, [.. found[0].Weights.Select(weight => (float?)weight)], 1e-3);
        AssertSameCheckpoints(single, folder.File("one"), folder.File("many"));
    }

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 1)]
    [InlineData(1, 4)]
    public void A_run_goes_on_with_another_number_of_ranks(int before, int after)
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { WeightEma = 0.9 } };
        float[] expected = [];
        var losses = TinyRun.Losses(config, folder.File("one"), after: model => expected = Weights(model));
        ThreadRanks.Run(before, ranks => Run(config, folder.File("begun"), null, ranks));
        var checkpoint = Directory.GetDirectories(folder.File("begun")).Order().First();
        var found = ThreadRanks.Run(after, ranks => Run(config, folder.File("rest"), ranks.Rank == 0 ? checkpoint : null, ranks));

        Assert.All(losses[4..].Zip(found[0].Losses), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        SharedGradientTests.AssertClose(expected, [.. found[0].Weights.Select(weight => (float?)weight)], 1e-3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Divided_master_weights_change_no_bit(int world)
    {
        using var folder = new TemporaryFolder();
        var divided = TinyRun.Config with
        {
            Train = TinyRun.Config.Train with { WeightEma = 0.9, Precision = Precision.Bf16 },
            Eval = TinyRun.Config.Eval with { Every = Duration.OfSteps(2) },
        };
        var whole = divided with { Train = divided.Train with { ShardOptimizer = false } };
        var expected = ThreadRanks.Run(world, ranks => Run(whole, folder.File("whole"), null, ranks))[0];
        var found = ThreadRanks.Run(world, ranks => Run(divided, folder.File("divided"), null, ranks));
        var checkpoint = Directory.GetDirectories(folder.File("whole")).Order().First();
        var rest = ThreadRanks.Run(world, ranks => Run(divided, folder.File("rest"), ranks.Rank == 0 ? checkpoint : null, ranks));

        Assert.Equal(expected.Losses, found[0].Losses);
        Assert.Equal(expected.Losses[4..], rest[0].Losses);
        Assert.All([.. found, .. rest], rank => Assert.Equal(expected.Weights, rank.Weights));
        foreach (var file in Directory.GetFiles(folder.File("whole"), "*.safetensors", SearchOption.AllDirectories))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(file.Replace(folder.File("whole"), folder.File("divided"), StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_rank_that_is_asked_to_stop_stops_all_behind_the_same_step_with_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var states = ThreadRanks.Run(3, ranks =>
        {
            using var model = TinyRun.Model(TinyRun.Config);
            var share = new BatchShare(ranks, TinyRun.Config.Train.BatchSize);
            var recorder = new TinyRun.Recorder { Then = progress => StopAt(progress, ranks.Rank == 1 && progress.State.Steps == 3, stop) };
            using var trainer = PairTrainee.Loop(
                model, TinyRun.Config, p => new TinyRun.PositionSource(p) { Share = share }, new CheckpointStore(folder.Path, 0), [], recorder, null, ranks);
            Assert.Throws<OperationCanceledException>(() => trainer.Run(ranks.Rank == 1 ? stop.Token : CancellationToken.None));
            return trainer.State.Samples;
        });
        Assert.All(states, samples => Assert.Equal(32, samples)); // asked behind the third step, agreed on in the fourth
        Assert.EndsWith("samples-0000000000032", new CheckpointStore(folder.Path, 0).Latest, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_all_ranks_and_one_tells_it()
    {
        using var folder = new TemporaryFolder();
        var faults = ThreadRanks.Run(2, ranks =>
        {
            using var model = TinyRun.Model(TinyRun.Config);
            var share = new BatchShare(ranks, TinyRun.Config.Train.BatchSize);
            var recorder = new TinyRun.Recorder { Then = progress => Spoil(model, ranks.Rank == 1 && progress.State.Steps == 5) };
            using var trainer = PairTrainee.Loop(
                model, TinyRun.Config, p => new TinyRun.PositionSource(p) { Share = share }, new CheckpointStore(folder.Path, 0), [], recorder, null, ranks);
            return Record.Exception(() => trainer.Run(TestContext.Current.CancellationToken));
        });
        Assert.EndsWith("samples-0000000000032", Assert.IsType<NonFiniteLossException>(faults[0]).LastCheckpoint, StringComparison.Ordinal);
        Assert.Equal(0, Assert.IsType<RankFailedException>(faults[1]).Rank);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void A_step_sends_the_bytes_of_the_formula(Precision precision)
    {
        using var folder = new TemporaryFolder();
        const int World = 3;
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { BatchSize = 9, CheckpointEvery = Duration.OfSteps(100), Precision = precision } };
        var sent = ThreadRanks.Run(World, ranks =>
        {
            var counts = new List<long>();
            using var model = TinyRun.Model(config);
            var share = new BatchShare(ranks, 9);
            var recorder = new TinyRun.Recorder { Then = _ => counts.Add(ranks.Sent.Bytes) };
            using var trainer = PairTrainee.Loop(
                model, config, p => new TinyRun.PositionSource(p) { Share = share }, new CheckpointStore(folder.Path, 0), [], recorder, null, ranks);
            trainer.Run(TestContext.Current.CancellationToken);
            var row = config.Model.EmbedDim * sizeof(float);
            var texts = (3 * row * (World - 1)) + (6 * row); // gathered, and their gradients scattered
            var columns = 2 * CollectiveCount.OfSum(9 * sizeof(float), World).Bytes;
            var agreement = CollectiveCount.OfSum(7 * sizeof(double), World).Bytes;
            var shards = ParameterShards.Of(model.Parameters, ranks);
            var gradients = (model.Parameters.Count - shards.OwnedCount) * sizeof(float);

            // The products' weights come in bf16, and again in fp32 what is read so.
            var tables = model.Parameters.All.Where(parameter => parameter.KeepsFp32).Select(parameter => new Share(parameter.Offset, parameter.Count));
            var kept = shards.Owned.Sum(own => tables.Sum(table => own.Within(table).Count)) * sizeof(float);
            var weights = precision == Precision.Fp32 ? shards.OwnedCount * sizeof(float) : (shards.OwnedCount * 2) + kept;
            return (Steps: counts.Zip(counts.Skip(1), (a, b) => b - a).ToArray(), Expected: texts + columns + agreement + gradients + (weights * (World - 1)));
        });
        Assert.All(sent, rank => Assert.All(rank.Steps, bytes => Assert.Equal(rank.Expected, bytes)));
    }

    private static (List<double> Losses, float[] Weights) Run(FlipConfig config, string folder, string? checkpoint, ICommunicator ranks)
    {
        float[] weights = [];
        var losses = TinyRun.Losses(config, folder, checkpoint, model => weights = Weights(model), ranks);
        return (losses, weights);
    }

    private static float[] Weights(FlipModel model) => WithoutKeyBiases(model, model.Parameters.Master);

    /// <summary>The bias of keys changes no attention: its gradient is rounding alone, which Adam makes as large as any other's.</summary>
    private static float[] WithoutKeyBiases(FlipModel model, Tensor flat)
    {
        var values = flat.data<float>().ToArray();
        foreach (var bias in model.Parameters.All.Where(parameter => parameter.Name.EndsWith("qkv.bias", StringComparison.Ordinal)))
        {
            values.AsSpan((int)bias.Offset + ((int)bias.Count / 3), (int)bias.Count / 3).Clear();
        }

        return values;
    }

    private static void StopAt(TrainingProgress progress, bool now, CancellationTokenSource stop)
    {
        Assert.NotNull(progress);
        if (now)
        {
            stop.Cancel();
        }
    }

    private static void Spoil(FlipModel model, bool now)
    {
        if (now)
        {
            using var noGrad = no_grad();
            model.Parameters.Master.fill_(float.NaN);
        }
    }

    /// <summary>Every checkpoint holds the same weights, moments, average and state, however many ranks made it.</summary>
    private static void AssertSameCheckpoints(FlipConfig config, string expected, string found)
    {
        var names = Directory.GetDirectories(expected).Select(Path.GetFileName).Order().ToList();
        Assert.Equal(names, Directory.GetDirectories(found).Select(Path.GetFileName).Order());
        foreach (var name in names)
        {
            var (a, b) = (Load(config, Path.Combine(expected, name!)), Load(config, Path.Combine(found, name!)));
            Assert.Equal(a.State with { Seconds = 0, BadSamples = b.State.BadSamples }, b.State with { Seconds = 0 });
            foreach (var (one, other) in a.Buffers.Zip(b.Buffers))
            {
                SharedGradientTests.AssertClose(one, [.. other.Select(value => (float?)value)], 2e-3);
            }
        }
    }

    private static (TrainState State, float[][] Buffers) Load(FlipConfig config, string checkpoint)
    {
        using var model = TinyRun.Model(config);
        using var optimizer = new AdamW(model.Parameters, AdamWOptions.Of(config.Train));
        using var ema = config.Train.WeightEma > 0 ? new WeightEma(model.Parameters, config.Train.WeightEma) : null;
        var state = CheckpointStore.Load(checkpoint, model.Parameters, config.Model, optimizer.FirstMoment, optimizer.SecondMoment, ema);
        Tensor[] buffers = [model.Parameters.Master, optimizer.FirstMoment, optimizer.SecondMoment, .. ema is null ? Array.Empty<Tensor>() : [ema.Average]];
        return (state, [.. buffers.Select(buffer => WithoutKeyBiases(model, buffer))]);
    }
}
