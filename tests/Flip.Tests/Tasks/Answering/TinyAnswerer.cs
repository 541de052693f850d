using Flip.Config;
using Flip.Data.Questions;
using Flip.Evaluation.Answering;
using Flip.Models;
using Flip.Randomness;
using Flip.Tasks.Answering;
using Flip.Tests.Training;
using Flip.Training;

namespace Flip.Tests.Tasks.Answering;

/// <summary>A model of a few thousand weights, 6 images of noise, and the same two questions about each. The answers depend on both, so that neither question nor image
/// alone tells them.</summary>
internal static class TinyAnswerer
{
    public const int Images = 6;
    public const int Questions = 2 * Images;
    public const int Length = 6;

    public static AnswerVocabulary Answers { get; } = new(["red", "blue", "two", "three"]);

    /// <summary>Question q is the first or second one about image q / 2.</summary>
    public static IReadOnlyList<ImageQuestion> Asked { get; } =
        [.. Enumerable.Range(0, Questions).Select(question => new ImageQuestion($"{question}", question / 2, question % 2 == 0 ? "what colour?" : "how many?", [AnswerTo(question)]))];

    public static AnswerTargets Targets { get; } = new(Asked, Answers);

    public static AnswerConfig Config { get; } = new()
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
        Head = new AnswerHeadConfig { Width = 16, Heads = 2, Depth = 1 },
    };

    public static QuestionAnswerer New(AnswerConfig config, ModelConfig? model = null) => new(
        model ?? TinyRun.Config.Model,
        config.Head,
        Answers.Count,
        config.Precision == Precision.Bf16 ? TorchSharp.torch.ScalarType.BFloat16 : TorchSharp.torch.ScalarType.Float32,
        seed: (ulong)config.Seed);

    public static Batch Batch(int size, long position = 0) => new Source(position).Next(size);

    /// <summary>Trains and returns the losses of all steps.</summary>
    public static List<double> Losses(AnswerConfig config, string folder, string? checkpoint = null, Action<QuestionAnswerer>? after = null)
    {
        using var answerer = New(config);
        var recorder = new TinyRun.Recorder();
        using var trainer = AnswerTrainee.Loop(
            answerer, config, Targets, position => new Source(position), new CheckpointStore(folder, 0), (_, _) => new Dictionary<string, double>(), recorder, checkpoint);
        trainer.Run(TestContext.Current.CancellationToken);
        after?.Invoke(answerer);
        return recorder.Losses;
    }

    private static string AnswerTo(int question) => Answers.Answers[(question % 2 * 2) + (question / 2 % 2)];

    internal sealed class Source(long position) : TinySource(Questions, Length, position)
    {
        protected override int ImageOf(int sample) => sample / 2;

        protected override void Fill(Batch batch, int row, int sample, ref CounterRandom random) => Write(batch, row, sample % 2 == 0 ? [3, 4] : [5, 6, 7]);
    }
}
