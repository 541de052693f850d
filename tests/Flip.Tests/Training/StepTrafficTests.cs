using Flip.Config;
using Flip.Devices;
using Flip.Training;

namespace Flip.Tests.Training;

/// <summary>How often a step stands still for its device: counted on the processor as on a GPU.</summary>
public class StepTrafficTests
{
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(3, 0, 3)] // parts of 3, 3 and 2 stay for both passes
    [InlineData(3, 0.7, 3)]
    public void A_step_waits_once_and_copies_each_part_once_in_two_pieces(int microBatch, double reconstruction, int parts)
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with { Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 1, Heads = 2 } },
            Train = TinyRun.Config.Train with { MicroBatch = microBatch, LogEvery = Duration.OfSteps(1), CheckpointEvery = Duration.OfSteps(100) },
        };
        using var model = TinyRun.Model(config);
        var counts = new List<TrafficCount>();
        using var trainer = PairTrainee.Loop(
            model, config, position => new Counting(new TinyRun.PositionSource(position), counts), new CheckpointStore(folder.Path, 0), [], new TinyRun.Recorder());
        trainer.Run(TestContext.Current.CancellationToken);

        // The first part of step 1 is taken in it, that of each later step while the one before it is computed.
        var first = counts.Where((_, i) => i % parts == 0).ToList();
        Assert.Equal(8, first.Count);
        var between = first.Zip(first.Skip(1), (a, b) => b - a).Skip(1).ToList();
        Assert.All(between, step => Assert.Equal((1L, 2L * parts), (step.Waits, step.Copies)));
        Assert.All(between, step => Assert.InRange(step.Bytes, 8 * 8 * 48, 8 * ((16 * 48) + 600)));
    }

    [Fact]
    public void The_next_pairs_are_sent_before_the_numbers_of_a_step_are_read()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var counts = new List<TrafficCount>();
        using var trainer = PairTrainee.Loop(
            model, TinyRun.Config, position => new Counting(new TinyRun.PositionSource(position), counts), new CheckpointStore(folder.Path, 0), [], new TinyRun.Recorder());
        var before = DeviceTraffic.OnThread;
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(0, (counts[1] - before).Waits); // the second batch is taken although nothing was waited for yet
    }

    [Fact]
    public void A_source_that_is_not_ready_is_waited_for_in_its_own_step()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var counts = new List<TrafficCount>();
        using var trainer = PairTrainee.Loop(
            model,
            TinyRun.Config,
            position => new Counting(new TinyRun.PositionSource(position), counts) { Ready = false },
            new CheckpointStore(folder.Path, 0),
            [],
            new TinyRun.Recorder());
        var before = DeviceTraffic.OnThread;
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(1, (counts[1] - before).Waits);
    }

    [Fact]
    public void A_gradient_is_computed_without_any_wait()
    {
        using var model = TinyRun.Model(TinyRun.Config);
        var step = new TrainingStep(model, TinyRun.Config.Train);
        using var batch = HeldBatch.Of(TinyRun.Batch(8), 3, TinyRun.Layout(TinyRun.Config), 0.5);
        var before = DeviceTraffic.OnThread;
        using var pending = step.ComputeGradient(batch);
        Assert.Equal(0, (DeviceTraffic.OnThread - before).Waits);
        Assert.True(double.IsFinite(pending.Read().Loss));
        Assert.Equal(1, (DeviceTraffic.OnThread - before).Waits);
    }

    /// <summary>Notes the traffic at each call.</summary>
    private sealed class Counting(TinyRun.PositionSource source, List<TrafficCount> counts) : IBatchSource
    {
        public bool Ready { get; init; } = true;

        public long SamplesPerEpoch => source.SamplesPerEpoch;

        public long Position => source.Position;

        public IReadOnlyDictionary<string, long> BadSamples => source.BadSamples;

        public bool IsReady(int size) => Ready;

        public Batch Next(int size, CancellationToken cancellation = default)
        {
            counts.Add(DeviceTraffic.OnThread);
            return source.Next(size, cancellation);
        }

        public void Dispose() => source.Dispose();
    }
}
