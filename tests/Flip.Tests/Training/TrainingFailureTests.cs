using System.Runtime.InteropServices;
using Flip.Models;
using Flip.Training;

namespace Flip.Tests.Training;

/// <summary>What libtorch fails with in the middle of a training.</summary>
public class TrainingFailureTests
{
    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB\nException raised from malloc")]
    [InlineData("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes.")]
    public void Want_of_memory_says_what_a_step_takes_and_what_takes_less_and_keeps_what_was_learnt(string text)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var error = Assert.Throws<OutOfDeviceMemoryException>(() => Train(model, folder, () => throw new NativeFailure(text)));
        Assert.StartsWith(text.Split('\n')[0], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("GB for 8 of its 8 pairs at a time. train.microBatch=4 is the same step in less; so is train.checkpointBlocks=1.", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("samples-0000000000024", new CheckpointStore(folder.Path, 2).Latest, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_error_of_a_device_is_the_one_that_is_seen_although_the_checkpoint_fails_too()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        var error = Assert.Throws<NativeFailure>(() => Train(model, folder, () =>
        {
            model.Parameters.Dispose(); // as after an error of a GPU: every further call fails
            throw new NativeFailure("CUDA error: an illegal memory access was encountered");
        }));
        Assert.Equal("CUDA error: an illegal memory access was encountered", error.Message);
        Assert.Null(new CheckpointStore(folder.Path, 2).Latest);
    }

    [Fact]
    public void Other_errors_are_no_want_of_memory()
    {
        Assert.False(OutOfDeviceMemoryException.IsCause(new NativeFailure("CUDA error: device-side assert triggered")));
        Assert.False(OutOfDeviceMemoryException.IsCause(new IOException("out of memory")));
        Assert.True(OutOfDeviceMemoryException.IsCause(new InsufficientMemoryException()));
    }

    private static void Train(FlipModel model, TemporaryFolder folder, Action fail)
    {
        using var trainer = PairTrainee.Loop(
            model, TinyRun.Config, p => new Failing(new TinyRun.PositionSource(p), fail), new CheckpointStore(folder.Path, 2), [], new TinyRun.Recorder());
        trainer.Run(TestContext.Current.CancellationToken);
    }

    /// <summary>As TorchSharp throws it.</summary>
    private sealed class NativeFailure(string message) : ExternalException(message);

    private sealed class Failing(TinyRun.PositionSource source, Action fail) : IBatchSource
    {
        public long SamplesPerEpoch => source.SamplesPerEpoch;

        public long Position => source.Position;

        public IReadOnlyDictionary<string, long> BadSamples => source.BadSamples;

        public bool IsReady(int size) => false;

        public Batch Next(int size, CancellationToken cancellation = default)
        {
            if (Position == 24)
            {
                fail();
            }

            return source.Next(size, cancellation);
        }

        public void Dispose() => source.Dispose();
    }
}
