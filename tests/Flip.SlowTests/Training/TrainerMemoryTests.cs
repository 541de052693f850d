using Flip.Config;
using Flip.Tests;
using Flip.Tests.Training;
using Flip.Training;
using TorchSharp;

namespace Flip.SlowTests.Training;

[Collection(Alone.Name)]
public class TrainerMemoryTests
{
    [Theory]
    [InlineData(Precision.Fp32, false)]
    [InlineData(Precision.Bf16, true)]
    public void Memory_does_not_grow_over_500_steps(Precision precision, bool streamedAndComputedAgain)
    {
        using var folder = new TemporaryFolder();
        var config = TinyRun.Config with
        {
            Train = TinyRun.Config.Train with
            {
                Samples = Duration.OfSteps(500),
                CheckpointEvery = Duration.OfPercent(100),
                MicroBatch = 5,
                Precision = precision,
                CheckpointBlocks = streamedAndComputedAgain ? 1 : 0,
                LossChunk = streamedAndComputedAgain ? 3 : 0,
            },
            Data = new DataConfig { BatchMemory = streamedAndComputedAgain ? 0 : 2048 },
        };
        using var model = TinyRun.Model(config);
        long tensorsAfterWarmup = 0, tensorsAtEnd = 0, residentAfterWarmup = 0, residentAtEnd = 0;
        var recorder = new TinyRun.Recorder
        {
            Then = progress =>
            {
                if (progress.State.Steps is 100 or 499)
                {
                    GC.Collect();
                }

                if (progress.State.Steps == 100)
                {
                    (tensorsAfterWarmup, residentAfterWarmup) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, Environment.WorkingSet);
                }
                else if (progress.State.Steps == 499)
                {
                    (tensorsAtEnd, residentAtEnd) = (DisposeScopeManager.Statistics.ThreadTotalLiveCount, Environment.WorkingSet);
                }
            },
        };
        using var trainer = PairTrainee.Loop(
            model, config, p => new TinyRun.PositionSource(p), new CheckpointStore(folder.Path, 1), [], recorder);
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(tensorsAfterWarmup, tensorsAtEnd);
        Assert.True(residentAtEnd - residentAfterWarmup < 64L << 20, $"{residentAfterWarmup} to {residentAtEnd} bytes");
    }
}
