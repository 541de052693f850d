using Flip.Config;
using Flip.Models;
using Flip.Randomness;
using Flip.Tasks.Finetuning;
using Flip.Tests.Training;
using Flip.Training;

namespace Flip.Tests.Tasks.Finetuning;

/// <summary>A classifier of a few thousand weights and 32 images of noise whose classes are to be learnt by heart.</summary>
internal static class TinyClassifier
{
    public const int Images = 32;
    public const int Classes = 4;

    public static FinetuneConfig Config { get; } = new()
    {
        Samples = Duration.OfSteps(8),
        Warmup = Duration.OfSteps(2),
        BatchSize = 8,
        BaseLearningRate = 0.05,
        Precision = Precision.Fp32,
        LogEvery = Duration.OfSteps(1),
        CheckpointEvery = Duration.OfSteps(4),
        KeepCheckpoints = 0,
        Seed = 3,
    };

    /// <summary>Without anything that keeps it from learning by heart.</summary>
    public static FinetuneConfig Plain { get; } = Config with { Mixup = 0, Cutmix = 0, LabelSmoothing = 0, DropPath = 0, LayerDecay = 1 };

    public static ImageClassifier New(FinetuneConfig config) => new(
        TinyRun.Config.Model,
        Classes,
        config.Head,
        config.Precision == Precision.Bf16 ? TorchSharp.torch.ScalarType.BFloat16 : TorchSharp.torch.ScalarType.Float32,
        seed: (ulong)config.Seed);

    public static Batch Batch(int size, long position = 0) => new Source(position).Next(size);

    /// <summary>Trains and returns the losses of all steps.</summary>
    public static List<double> Losses(FinetuneConfig config, string folder, string? checkpoint = null, Action<ImageClassifier>? after = null)
    {
        using var classifier = New(config);
        var recorder = new TinyRun.Recorder();
        using var trainer = ClassifierTrainee.Loop(
            classifier,
            config,
            position => new Source(position),
            new CheckpointStore(folder, 0),
            (_, _) => new Dictionary<string, double>(),
            recorder,
            checkpoint);
        trainer.Run(TestContext.Current.CancellationToken);
        after?.Invoke(classifier);
        return recorder.Losses;
    }

    internal sealed class Source(long position) : TinySource(Images, length: 0, position)
    {
        protected override Batch NewBatch(int size) => base.NewBatch(size) with { Labels = new int[size] };

        protected override void Fill(Batch batch, int row, int sample, ref CounterRandom random) => batch.Labels[row] = random.NextInt(Classes);
    }
}
