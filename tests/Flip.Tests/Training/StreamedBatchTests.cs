using Flip.Config;
using Flip.Devices;
using Flip.Training;
using TorchSharp;

namespace Flip.Tests.Training;

public class StreamedBatchTests
{
    private static readonly Compute Cpu = new(torch.CPU, torch.ScalarType.Float32);

    [Theory]
    [InlineData(8, 3)]
    [InlineData(8, 4)]
    [InlineData(7, 1)]
    [InlineData(3, 5)]
    public void Both_passes_give_every_pair_in_its_place(int size, int part)
    {
        var whole = TinyRun.Batch(size, 20);
        var streamed = Streamed(20, 20, size, part);
        for (var pass = 0; pass < 2; pass++)
        {
            var next = 0;
            foreach (var (inputs, first, count) in streamed.Parts())
            {
                Assert.Equal((next, Math.Min(part, size - next)), (first, count));
                using var rows = PairRows.Of(whole, first, count, TinyRun.Layout(TinyRun.Config), 0.5);
                using var expected = rows.Send();
                Assert.Equal(expected.Patches.data<byte>().ToArray(), inputs.Patches.data<byte>().ToArray());
                Assert.Equal(expected.ImageKeep!.data<long>().ToArray(), inputs.ImageKeep!.data<long>().ToArray());
                next += count;
            }

            Assert.Equal(size, next);
        }

        Assert.Throws<InvalidOperationException>(() => streamed.Parts().First());
    }

    [Theory]
    [InlineData(3, LossKind.InfoNce, 0)]
    [InlineData(4, LossKind.Sigmoid, 0.7)]
    public void The_gradient_is_that_of_the_batch_in_memory(int part, LossKind loss, double reconstruction)
    {
        var config = TinyRun.Config with
        {
            Model = TinyRun.Config.Model with { Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 1, Heads = 2 } },
            Train = TinyRun.Config.Train with { Loss = loss, MicroBatch = part },
        };
        using var model = TinyRun.Model(config);
        var step = new TrainingStep(model, config.Train);
        var held = step.ComputeGradient(TinyRun.Batch(8), 0.5);
        var expected = model.Parameters.Gradient.data<float>().ToArray();
        using var streamed = Streamed(0, 0, 8, part, config);
        using var pending = step.ComputeGradient(streamed);
        Assert.Equal(held, pending.Read());
        Assert.Equal(expected, model.Parameters.Gradient.data<float>().ToArray());
    }

    [Fact]
    public void Data_that_change_between_the_passes_stop_the_step()
    {
        var streamed = Streamed(0, 1, 8, 4);
        Assert.Equal(2, streamed.Parts().Count());
        var error = Assert.Throws<IOException>(() => streamed.Parts().Count());
        Assert.Contains("the data changed meanwhile", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_on_streamed_batches_is_training_on_batches_in_memory_and_resumes_to_the_last_bit()
    {
        using var folder = new TemporaryFolder();
        var held = TinyRun.Config with { Train = TinyRun.Config.Train with { MicroBatch = 3 } };
        var streamed = held with { Data = held.Data with { BatchMemory = 0 } };
        Assert.True(BatchReading.Of(streamed, Cpu).Streams);
        Assert.False(BatchReading.Of(held, Cpu).Streams);
        float[] expected = [], actual = [], resumed = [];
        var losses = TinyRun.Losses(held, folder.File("a"), after: m => expected = m.Parameters.Master.data<float>().ToArray());
        Assert.Equal(losses, TinyRun.Losses(streamed, folder.File("b"), after: m => actual = m.Parameters.Master.data<float>().ToArray()));
        Assert.Equal(expected, actual);
        var checkpoint = Directory.GetDirectories(folder.File("b")).Order().First();
        Assert.Equal(
            losses[4..], TinyRun.Losses(streamed, folder.File("c"), checkpoint, m => resumed = m.Parameters.Master.data<float>().ToArray()));
        Assert.Equal(expected, resumed);
    }

    [Fact]
    public void Both_sources_of_a_streaming_trainer_are_closed_and_bad_samples_counted_once()
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with
        {
            Train = TinyRun.Config.Train with { MicroBatch = 3 },
            Data = TinyRun.Config.Data with { BatchMemory = 0 },
        };
        using var model = TinyRun.Model(config);
        var opened = new List<TinyRun.PositionSource>();
        TrainState state;
        using (var trainer = PairTrainee.Loop(model, config, Open, new CheckpointStore(folder.Path, 0), [], new TinyRun.Recorder()))
        {
            trainer.Run(TestContext.Current.CancellationToken);
            state = trainer.State;
        }

        Assert.Equal(2, opened.Count);
        Assert.All(opened, source => Assert.Equal((64L, true), (source.Position, source.Disposed)));
        Assert.Equal(5, state.BadSamples["unreadable"]);

        IBatchSource Open(long position)
        {
            opened.Add(new TinyRun.PositionSource(position) { BadSamples = new Dictionary<string, long> { ["unreadable"] = 5 } });
            return opened[^1];
        }
    }

    private static StreamedBatch Streamed(long first, long second, int size, int part, FlipConfig? config = null) => new(
        new TinyRun.PositionSource(first),
        new TinyRun.PositionSource(second),
        size,
        part,
        TinyRun.Layout(config ?? TinyRun.Config),
        0.5,
        TestContext.Current.CancellationToken);
}
