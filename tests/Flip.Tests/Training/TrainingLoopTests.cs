using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Storage;
using Flip.Training;
using TorchSharp;

namespace Flip.Tests.Training;

public class TrainingLoopTests
{
    [Fact]
    public void The_same_seed_gives_the_same_losses_to_the_last_bit()
    {
        using var folder = new TemporaryFolder();
        var first = TinyRun.Losses(TinyRun.Config, folder.File("a"));
        Assert.Equal(8, first.Count);
        Assert.Equal(first, TinyRun.Losses(TinyRun.Config, folder.File("b")));
    }

    [Fact]
    public void Another_seed_gives_other_losses()
    {
        using var folder = new TemporaryFolder();
        var other = TinyRun.Config with { Train = TinyRun.Config.Train with { Seed = 4 } };
        Assert.NotEqual(TinyRun.Losses(TinyRun.Config, folder.File("a")), TinyRun.Losses(other, folder.File("b")));
    }

    [Theory]
    [InlineData(0, Precision.Fp32)]
    [InlineData(0.9, Precision.Fp32)]
    [InlineData(0, Precision.Bf16)]
    public void A_run_continued_from_a_checkpoint_is_the_uninterrupted_run_to_the_last_bit(double ema, Precision precision)
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { WeightEma = ema, MicroBatch = 3, Precision = precision } };
        float[] whole = [], continued = [];
        var losses = TinyRun.Losses(config, folder.File("a"), after: m => whole = m.Parameters.Master.data<float>().ToArray());
        var checkpoint = Directory.GetDirectories(folder.File("a")).Order().First();
        Assert.EndsWith("samples-0000000000032", checkpoint, StringComparison.Ordinal);
        var rest = TinyRun.Losses(config, folder.File("b"), checkpoint, m => continued = m.Parameters.Master.data<float>().ToArray());
        Assert.Equal(losses[4..], rest);
        Assert.Equal(whole, continued);
    }

    [Fact]
    public void The_first_step_has_learning_rate_zero_and_leaves_the_weights()
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { Samples = Duration.OfSteps(1), Warmup = Duration.OfSteps(1) } };
        using var fresh = TinyRun.Model(config);
        var before = fresh.Parameters.Master.data<float>().ToArray();
        TinyRun.Losses(config, folder.Path, after: m => Assert.Equal(before, m.Parameters.Master.data<float>().ToArray()));
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_and_names_the_last_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var recorder = new TinyRun.Recorder
        {
            Then = progress =>
            {
                if (progress.State.Steps == 6)
                {
                    using var noGrad = torch.no_grad();
                    model.Parameters.Master.fill_(float.NaN);
                }
            },
        };
        using var trainer = PairTrainee.Loop(
            model, TinyRun.Config, p => new TinyRun.PositionSource(p), new CheckpointStore(folder.Path, 2), [], recorder);
        var failure = Assert.Throws<NonFiniteLossException>(() => trainer.Run(TestContext.Current.CancellationToken));
        Assert.Equal(recorder.Checkpoints.Single(), failure.LastCheckpoint);
        Assert.Contains(recorder.Checkpoints.Single(), failure.Message, StringComparison.Ordinal);
        Assert.Equal(6, trainer.State.Steps);
    }

    [Fact]
    public void A_checkpoint_whose_first_step_is_not_finite_is_set_aside_and_not_called_good()
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfSteps(1), KeepCheckpoints = 1 } };
        using var model = TinyRun.Model(config);

        // Finite weights that lead to a loss which is not: the product of the largest numbers is infinite.
        var recorder = new TinyRun.Recorder { Then = progress => Overflow(model, progress.State.Steps == 4) };
        var store = new CheckpointStore(folder.Path, 1);
        using var trainer = PairTrainee.Loop(model, config, p => new TinyRun.PositionSource(p), store, [], recorder);
        var failure = Assert.Throws<NonFiniteLossException>(() => trainer.Run(TestContext.Current.CancellationToken));

        Assert.EndsWith("samples-0000000000024", failure.LastCheckpoint, StringComparison.Ordinal);
        Assert.Equal(failure.LastCheckpoint, store.Latest);
        Assert.EndsWith("samples-0000000000032.not-finite", failure.SetAside, StringComparison.Ordinal);
        Assert.True(Directory.Exists(failure.SetAside));
        Assert.Contains($"last good checkpoint is {failure.LastCheckpoint}. ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_not_written_to_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var recorder = new TinyRun.Recorder { Then = progress => Spoil(model, progress.State.Steps == 8) };
        var store = new CheckpointStore(folder.Path, 2);
        using var trainer = PairTrainee.Loop(model, TinyRun.Config, p => new TinyRun.PositionSource(p), store, [], recorder);
        var failure = Assert.Throws<NonFiniteLossException>(() => trainer.Run(TestContext.Current.CancellationToken));

        Assert.StartsWith("A weight at 64 samples is not finite.", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("samples-0000000000032", store.Latest, StringComparison.Ordinal);
    }

    private static void Overflow(FlipModel model, bool now)
    {
        if (now)
        {
            using var noGrad = torch.no_grad();
            model.Parameters.Master.fill_(float.MaxValue);
        }
    }

    private static void Spoil(FlipModel model, bool now)
    {
        if (now)
        {
            using var noGrad = torch.no_grad();
            model.Parameters.Master.narrow(0, 5, 1).fill_(float.PositiveInfinity);
        }
    }

    [Fact]
    public void Cancelling_writes_a_checkpoint_first()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        using var cancel = new CancellationTokenSource();
        var recorder = new TinyRun.Recorder { Then = progress => { if (progress.State.Steps == 3) { cancel.Cancel(); } } };
        using var trainer = PairTrainee.Loop(
            model, TinyRun.Config, p => new TinyRun.PositionSource(p), new CheckpointStore(folder.Path, 2), [], recorder);
        Assert.Throws<OperationCanceledException>(() => trainer.Run(cancel.Token));
        Assert.EndsWith("samples-0000000000024", new CheckpointStore(folder.Path, 2).Latest, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_newest_checkpoints_are_kept()
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfSteps(1) } };
        using var model = TinyRun.Model(config);
        using var trainer = PairTrainee.Loop(
            model, config, p => new TinyRun.PositionSource(p), new CheckpointStore(folder.Path, 2), [], new TinyRun.Recorder());
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(
            ["samples-0000000000056", "samples-0000000000064"],
            Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_checkpoint_of_another_model_is_refused_with_every_difference()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Losses(TinyRun.Config, folder.Path);
        var wider = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with { EmbedDim = 12, Image = TinyRun.Config.Model.Image with { ClassToken = ClassToken.WithoutPosition } },
        };
        var checkpoint = new CheckpointStore(folder.Path, 0).Latest!;
        var failure = Assert.Throws<CheckpointFormatException>(() => TinyRun.Losses(wider, folder.File("b"), checkpoint));
        Assert.Contains("missing image.classToken [16]", failure.Message, StringComparison.Ordinal);
        Assert.Contains("image.projection.weight is [8, 16], expected [12, 16]", failure.Message, StringComparison.Ordinal);
        Assert.Contains("text.projection.weight is [8, 16], expected [12, 16]", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_fails_clearly_and_leaves_the_earlier_one()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        var store = new CheckpointStore(folder.Path, 2);
        var good = store.Save(TrainState.Start, model.Parameters, optimizer.FirstMoment, optimizer.SecondMoment, null);

        // A file stands where the next checkpoint is to be.
        File.WriteAllText(folder.File("samples-0000000000008"), "");
        var failure = Assert.Throws<IOException>(() => store.Save(TrainState.Start with { Samples = 8 }, model.Parameters, optimizer.FirstMoment, optimizer.SecondMoment, null));
        Assert.Contains("samples-0000000000008", failure.Message, StringComparison.Ordinal);
        Assert.Equal(good, store.Latest);
    }

    [Fact]
    public void Evaluations_come_every_so_many_samples_and_at_the_end_and_see_the_average()
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with
        {
            Train = TinyRun.Config.Train with { WeightEma = 0.9 },
            Eval = new EvalConfig { Every = Duration.OfSteps(3) },
        };
        using var model = TinyRun.Model(config);
        var seen = new List<(long Samples, bool Average)>();
        TrainingLoop? trainer = null;
        float[] average = [];
        var evaluator = new Evaluator(() => seen.Add((trainer!.State.Samples, model.Parameters.Master.data<float>().SequenceEqual(average))));
        var recorder = new TinyRun.Recorder { Then = _ => average = trainer!.Ema!.Average.data<float>().ToArray() };
        using (trainer = PairTrainee.Loop(
            model, config, p => new TinyRun.PositionSource(p), new CheckpointStore(folder.Path, 2), [evaluator], recorder))
        {
            Assert.Equal(7, trainer.Run(TestContext.Current.CancellationToken)["score"]);
        }

        Assert.Equal([(24, true), (48, true), (64, true)], seen);
    }

    [Fact]
    public void A_failure_of_the_data_keeps_what_was_learnt()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        using var trainer = PairTrainee.Loop(
            model, TinyRun.Config, p => new TinyRun.PositionSource(p) { FailsAt = 24 }, new CheckpointStore(folder.Path, 2), [], new TinyRun.Recorder());
        Assert.Throws<IOException>(() => { trainer.Run(TestContext.Current.CancellationToken); });
        Assert.EndsWith("samples-0000000000024", new CheckpointStore(folder.Path, 2).Latest, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_does_not_continue_on_other_data()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Losses(TinyRun.Config, folder.Path);
        using var model = TinyRun.Model(TinyRun.Config);
        var failure = Assert.Throws<ConfigException>(() => PairTrainee.Loop(
            model,
            TinyRun.Config,
            p => new TinyRun.PositionSource(p) { SamplesPerEpoch = 999 },
            new CheckpointStore(folder.Path, 2),
            [],
            new TinyRun.Recorder(),
            new CheckpointStore(folder.Path, 2).Latest));
        Assert.Contains("has 999 samples, and the run began on 1,000", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_line_is_the_mean_over_its_steps_whatever_lies_between()
    {
        using var folder = new TemporaryFolder();
        var steps = TinyRun.Losses(TinyRun.Config, folder.File("a"));
        var train = TinyRun.Config.Train with { LogEvery = Duration.OfSteps(4), CheckpointEvery = Duration.OfSteps(1) };
        var lines = TinyRun.Losses(TinyRun.Config with { Train = train }, folder.File("b"));
        Assert.Equal(new[] { steps[0], steps[1..4].Average(), steps[4..8].Average() }, lines);
    }

    private sealed class Evaluator(Action onEvaluate) : IEvaluator
    {
        public IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default)
        {
            onEvaluate();
            return new Dictionary<string, double> { ["score"] = 7 };
        }
    }
}
