using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Tests.Collectives;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

/// <summary>What a training does at spikes, on a model of four weights whose gradient is a function of the data's position and the weights.</summary>
public sealed class SpikeRunTests : IDisposable
{
    private const int Batch = 8;

    private static readonly FinetuneConfig Settings = new()
    {
        Samples = Duration.OfSteps(40),
        BatchSize = Batch,
        BaseLearningRate = 0.3,
        Warmup = Duration.OfSteps(2),
        CheckpointEvery = Duration.OfSteps(6),
        KeepCheckpoints = 2,
        LogEvery = Duration.OfSteps(1),
        WeightEma = 0.5,
        SpikeFactor = 10,
        SpikeWindow = 8,
        SpikeLimit = 3,
    };

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(1000f)]
    public void A_skipped_step_leaves_weights_moments_and_average_and_counts_as_a_step(float bad)
    {
        var run = Run("a", SpikeAction.Skip, new() { [20] = bad, [21] = bad });
        Assert.Equal((40 * Batch, 40, 38), (run.State.Samples, run.State.Steps, run.State.Updates));
        Assert.Equal([(20L * Batch, SpikeAction.Skip), (21L * Batch, SpikeAction.Skip)], run.Outcomes.Select(outcome => (outcome.At, outcome.Action)));
        Assert.Equal(Simulated([.. Enumerable.Range(0, 40).Where(step => step is not (20 or 21)).Select(step => (step, step))]), run.Weights);
    }

    [Fact]
    public void A_rollback_goes_on_from_the_last_checkpoint_with_the_samples_behind_the_spike()
    {
        // The checkpoint before step 27 is that of 24 steps. From there steps 24 to 39 read what lies behind step 27.
        var run = Run("a", SpikeAction.Rollback, new() { [27] = 1000 });
        Assert.Equal((40 * Batch, 40, 40), (run.State.Samples, run.State.Steps, run.State.Updates));
        Assert.Equal(4 * Batch, run.State.Spikes!.SkippedSamples);
        var outcome = Assert.Single(run.Outcomes);
        Assert.Equal((27 * Batch, 24 * Batch, 25 * Batch, SpikeAction.Rollback), (outcome.At, outcome.State.Samples, outcome.KnownAt, outcome.Action));
        Assert.Equal(Simulated([.. Enumerable.Range(0, 24).Select(step => (step, step)), .. Enumerable.Range(24, 16).Select(step => (step, step + 4))]), run.Weights);
    }

    [Fact]
    public void A_second_spike_goes_back_to_the_same_checkpoint_and_further_in_the_data()
    {
        // Behind the first rollback step 25 reads position 29, which is bad too; then steps from 24 read from 30.
        var run = Run("a", SpikeAction.Rollback, new() { [27] = float.NaN, [29] = 1000 });
        Assert.Equal(6 * Batch, run.State.Spikes!.SkippedSamples);
        Assert.Equal([24 * Batch, 24 * Batch], run.Outcomes.Select(outcome => (int)outcome.State.Samples));
        Assert.Equal(Simulated([.. Enumerable.Range(0, 24).Select(step => (step, step)), .. Enumerable.Range(24, 16).Select(step => (step, step + 6))]), run.Weights);
    }

    [Fact]
    public void Before_the_first_checkpoint_a_rollback_leaves_the_update_out()
    {
        var run = Run("a", SpikeAction.Rollback, new() { [4] = float.NaN });
        Assert.Equal((39L, 0L), (run.State.Updates, run.State.Spikes!.SkippedSamples));
        Assert.Equal(SpikeAction.Skip, Assert.Single(run.Outcomes).Action);
        Assert.Equal(Simulated([.. Enumerable.Range(0, 40).Where(step => step != 4).Select(step => (step, step))]), run.Weights);
    }

    [Fact]
    public void Logging_changes_nothing_but_the_log()
    {
        var spikes = new Dictionary<int, float> { [20] = 1000 };
        var run = Run("a", SpikeAction.Log, spikes);
        Assert.Equal(SpikeAction.Log, Assert.Single(run.Outcomes).Action);
        Assert.Equal(Run("b", SpikeAction.Log, spikes, Settings with { SpikeFactor = 0 }).Weights, run.Weights);
        Assert.Throws<NonFiniteLossException>(() => Run("c", SpikeAction.Log, new() { [20] = float.NaN }));
    }

    [Theory]
    [InlineData(SpikeAction.Skip)]
    [InlineData(SpikeAction.Rollback)]
    public void Too_many_in_a_row_stop_and_what_was_learnt_stays(SpikeAction action)
    {
        var bad = Enumerable.Range(20, 30).ToDictionary(step => step, _ => float.NaN);
        Assert.Throws<SpikeLimitException>(() => Run("a", action, bad));
        Assert.NotNull(new CheckpointStore(_folder.File("a"), 2).NewestWhole(_ => { }));
    }

    [Theory]
    [InlineData(SpikeAction.Log)]
    [InlineData(SpikeAction.Skip)]
    [InlineData(SpikeAction.Rollback)]
    public void A_run_that_is_stopped_anywhere_goes_on_as_the_undisturbed_one(SpikeAction action)
    {
        var bad = new Dictionary<int, float> { [15] = 1000, [27] = 1000, [29] = 900 };
        var whole = Run("whole", action, bad);
        for (var stop = 1; stop < 45; stop += 2)
        {
            var name = $"stop{stop}";
            var first = Run(name, action, bad, stopAfter: stop); // writes a checkpoint where it is
            var rest = first.IsStopped ? Run(name, action, bad, resumes: true) : first;
            AssertSame(whole, rest, stop);
            Directory.Delete(_folder.File(name), recursive: true);
        }
    }

    [Theory]
    [InlineData(SpikeAction.Skip)]
    [InlineData(SpikeAction.Rollback)]
    public void A_run_that_lost_its_newest_checkpoint_goes_on_as_the_undisturbed_one(SpikeAction action)
    {
        var bad = new Dictionary<int, float> { [15] = 1000, [27] = 1000, [29] = 900 };
        var whole = Run("whole", action, bad);
        for (var stop = 7; stop < 45; stop += 5)
        {
            var name = $"stop{stop}";
            Assert.True(Run(name, action, bad, stopAfter: stop).IsStopped || stop > 40);
            var store = new CheckpointStore(_folder.File(name), 2);
            Directory.Delete(store.Latest!, recursive: true); // as after a kill: the last steps are made again
            AssertSame(whole, Run(name, action, bad, resumes: true), stop);
        }
    }

    [Theory]
    [InlineData(SpikeAction.Skip, true, Precision.Fp32)]
    [InlineData(SpikeAction.Rollback, true, Precision.Fp32)]
    [InlineData(SpikeAction.Rollback, false, Precision.Fp32)]
    [InlineData(SpikeAction.Rollback, true, Precision.Bf16)]
    public void Ranks_do_the_same_as_one_process(SpikeAction action, bool dividesMoments, Precision precision)
    {
        var bad = new Dictionary<int, float> { [15] = 1000, [27] = float.NaN, [29] = 900 };
        var whole = Run("whole", action, bad);
        var shared = ThreadRanks.Run(2, ranks => Run($"rank{ranks.Rank}", action, bad, Settings with { ShardOptimizer = dividesMoments, Precision = precision }, ranks: ranks));
        Assert.All(shared, rank => AssertSameButForRounding(whole, rank));
        Assert.Equal(3, shared[0].Outcomes.Count);
        Assert.False(Directory.Exists(_folder.File("rank1"))); // rank 0 has the checkpoints
    }

    [Fact]
    public void The_checkpoint_that_a_spike_may_go_back_to_stays_however_many_come_by_minutes()
    {
        // A checkpoint after every step; two are kept, and besides the newest of those that come by samples.
        var bad = new Dictionary<int, float> { [15] = 1000, [27] = 1000, [29] = 900 };
        var settings = Settings with { CheckpointMinutes = 1e-9 };
        AssertSame(Run("whole", SpikeAction.Rollback, bad), Run("minutes", SpikeAction.Rollback, bad, settings), 0);
        Assert.Equal([36 * Batch, 39 * Batch, 40 * Batch], Directory.GetDirectories(_folder.File("minutes"))
            .Select(folder => int.Parse(Path.GetFileName(folder)["samples-".Length..], System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    private static void AssertSame(Result expected, Result actual, int stop)
    {
        Assert.True(expected.Weights.SequenceEqual(actual.Weights), $"stopped after {stop}");
        Assert.Equal(expected.Average, actual.Average);
        AssertSameButForRounding(expected, actual);
        Assert.Equal(expected.State.Spikes!.Losses, actual.State.Spikes!.Losses);
        Assert.Equal(expected.State.Spikes!.GradientNorms, actual.State.Spikes!.GradientNorms);
    }

    /// <summary>Ranks add up their parts of the loss and of the gradient.</summary>
    private static void AssertSameButForRounding(Result expected, Result actual)
    {
        Assert.All(expected.Weights.Zip(actual.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        var (before, after) = (expected.State.Spikes!, actual.State.Spikes!);
        Assert.All(before.Losses.Zip(after.Losses), losses => Assert.Equal(losses.First, losses.Second, 1e-5));
        Assert.Equal((before.SkippedSteps, before.SkippedSamples, before.InRow, before.Furthest), (after.SkippedSteps, after.SkippedSamples, after.InRow, after.Furthest));
        Assert.All(before.GradientNorms.Zip(after.GradientNorms), norms => Assert.Equal(norms.First, norms.Second, norms.First * 1e-4));
    }

    private Result Run(
        string name, SpikeAction action, Dictionary<int, float> bad, FinetuneConfig? settings = null, int stopAfter = int.MaxValue, bool resumes = false,
        ICommunicator? ranks = null)
    {
        using var four = new FourWeights(settings ?? Settings with { SpikeAction = action }, action, bad);
        using var cancel = new CancellationTokenSource();
        var store = new CheckpointStore(_folder.File(name), 2);
        var recorder = new TinyRun.Recorder();
        four.AfterGradient = count => { if (count == stopAfter) { cancel.Cancel(); } };
        using var loop = new TrainingLoop(four, position => new TinyRun.PositionSource(position), store, recorder, resumes ? store.NewestWhole(_ => { }) : null, ranks);
        var isStopped = false;
        try
        {
            loop.Run(cancel.Token);
        }
        catch (OperationCanceledException)
        {
            isStopped = true;
        }

        return new Result(loop.State, four.Weights.Master.data<float>().ToArray(), loop.Ema!.Average.data<float>().ToArray()[..4], recorder.Spikes, isStopped);
    }

    /// <summary>The weights after updates alone, each at the rate of its step and with the gradient of its data.</summary>
    private static float[] Simulated(IReadOnlyList<(int Step, int Data)> updates)
    {
        using var four = new FourWeights(Settings, SpikeAction.Skip, []);
        using var optimizer = four.CreateOptimizer(ParameterShards.Of(four.Parameters, OneProcess.Instance));
        var rate = four.Plan(1000).LearningRate;
        foreach (var (step, data) in updates)
        {
            four.FillGradient(data);
            optimizer.Step(rate.At(step * Batch));
        }

        return four.Weights.Master.data<float>().ToArray();
    }

    private sealed record Result(TrainState State, float[] Weights, float[] Average, List<SpikeOutcome> Outcomes, bool IsStopped);

    /// <summary>Half the squared distance from a point that depends on the data; data of a bad step multiply it.</summary>
    private sealed class FourWeights : ITrainee
    {
        private readonly Dictionary<int, float> _bad;
        private int _gradients;

        public FourWeights(FinetuneConfig settings, SpikeAction action, Dictionary<int, float> bad)
        {
            (Settings, _bad) = (settings with { SpikeAction = action }, bad);
            Parameters.Add("weights", [4], Initializer.Constant(0), decays: false, keepsFp32: true);
            Parameters.Allocate(settings.Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32, CPU, seed: 1, trains: true);
        }

        public FlatParameters Parameters { get; } = new();

        public Parameter Weights => Parameters.All[0];

        public ModelConfig Model { get; } = TinyRun.Config.Model;

        public OptimizationConfig Settings { get; }

        public Action<int>? AfterGradient { get; set; }

        public TrainingPlan Plan(long samplesPerEpoch) => TrainingPlan.Of(Settings, "", samplesPerEpoch, total => ImageMaskSchedule.Of(TinyRun.Config.Model.Image, total), null);

        public AdamW CreateOptimizer(ParameterShards shards) => new(Parameters, AdamWOptions.Of(Settings), shards: shards);

        public (PendingLoss Loss, TimeSpan Waited) ComputeGradient(IBatchSource source, StepPosition step, GradientExchange exchange, CancellationToken cancellation)
        {
            using var scope = NewDisposeScope();
            using var batch = source.Next(step.BatchSize, cancellation);
            Assert.Equal(step.DataPosition, batch.Samples[0]);
            exchange.Begin();
            var loss = FillGradient((int)(batch.Samples[0] / Batch)) / exchange.Ranks.World; // by halves, which are exact
            Parameters.Gradient.div_(exchange.Ranks.World);
            exchange.Finish();
            AfterGradient?.Invoke(++_gradients);
            return (PendingLoss.Sum([loss]), TimeSpan.Zero);
        }

        public Tensor FillGradient(int data)
        {
            using var noGrad = no_grad();
            var error = Weights.Value - tensor(new float[] { 1, 2, 3 + (0.01f * (data % 3)), 4 - (0.02f * (data % 5)) });
            var factor = _bad.GetValueOrDefault(data, 1);
            Weights.Gradient.copy_(error * factor);
            return (error * error).sum() * (factor / 2);
        }

        public void Prepare(IBatchSource source, StepPosition next)
        {
        }

        public void Forget()
        {
        }

        public string DescribeMemory() => "";

        public void OnUpdated()
        {
        }

        public Tensor? LogitFactor() => null;

        public IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation) => new Dictionary<string, double>();

        public void Dispose() => Parameters.Dispose();
    }
}
