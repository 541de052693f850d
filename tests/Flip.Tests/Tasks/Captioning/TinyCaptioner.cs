using Flip.Config;
using Flip.Models;
using Flip.Randomness;
using Flip.Tasks.Captioning;
using Flip.Tests.Training;
using Flip.Training;

namespace Flip.Tests.Tasks.Captioning;

/// <summary>A captioner of a few thousand weights and 12 images of noise whose captions are to be learnt by heart.</summary>
internal static class TinyCaptioner
{
    public const int Images = 12;
    public const int Length = 8;
    public const int Words = 10;
    public const int Begin = Words;
    public const int End = Words + 1;

    public static CaptionConfig Config { get; } = new()
    {
        Samples = Duration.OfSteps(8),
        Warmup = Duration.OfSteps(2),
        BatchSize = 6,
        BaseLearningRate = 0.1,
        TowerLearningRate = 0.05,
        Precision = Precision.Fp32,
        LogEvery = Duration.OfSteps(1),
        CheckpointEvery = Duration.OfSteps(4),
        KeepCheckpoints = 0,
        Seed = 3,
        Head = new CaptionHeadConfig { Width = 16, Heads = 2, EncoderDepth = 1, DecoderDepth = 1, Length = Length },
    };

    public static Captioner New(CaptionConfig config) => new(
        TinyRun.Config.Model,
        config.Head,
        Words + 2,
        config.Precision == Precision.Bf16 ? TorchSharp.torch.ScalarType.BFloat16 : TorchSharp.torch.ScalarType.Float32,
        seed: (ulong)config.Seed);

    public static Batch Batch(int size, long position = 0) => new Source(position).Next(size);

    /// <summary>Trains and returns the losses of all steps.</summary>
    public static List<double> Losses(CaptionConfig config, string folder, string? checkpoint = null, Action<Captioner>? after = null)
    {
        using var captioner = New(config);
        var recorder = new TinyRun.Recorder();
        using var trainer = CaptionTrainee.Loop(
            captioner, config, position => new Source(position), new CheckpointStore(folder, 0), (_, _) => new Dictionary<string, double>(), recorder, checkpoint);
        trainer.Run(TestContext.Current.CancellationToken);
        after?.Invoke(captioner);
        return recorder.Losses;
    }

    internal sealed class Source(long position) : TinySource(Images, Length, position)
    {
        protected override void Fill(Batch batch, int row, int sample, ref CounterRandom random)
        {
            var words = new int[2 + random.NextInt(5)];
            foreach (ref var word in words.AsSpan())
            {
                word = random.NextInt(Words);
            }

            Write(batch, row, [Begin, .. words, End]);
        }
    }
}
