using Flip.Cli.Reporting;
using Flip.Cli.Runs;
using Flip.Config;
using Flip.Data.Scenes;
using Flip.Models;
using Flip.Training;

namespace Flip.Cli.Studies;

/// <summary>One row of the quickstart's table.</summary>
/// <param name="Name">What was trained.</param>
/// <param name="Samples">Pairs seen.</param>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="HeldOut">Zero-shot top-1 on colour-background pairs that training never shows.</param>
/// <param name="Seen">Zero-shot top-1 on pairs that it shows.</param>
/// <param name="TextToImage">Retrieval R@1 of images by unseen captions.</param>
/// <param name="ImageToText">Retrieval R@1 of captions by unseen images.</param>
internal sealed record QuickstartRow(
    string Name, long Samples, double Seconds, double HeldOut, double Seen, double TextToImage, double ImageToText);

/// <summary>
/// FLIP in minutes on the embedded scenes: masked training, unmasked tuning, and an unmasked baseline of the same time, all
/// measured against chance.
/// </summary>
internal sealed class QuickstartStudy(string folder, long samples, long seed, IProgressView view)
{
    private const int TrainScenes = 20_000;
    private const int EvalScenes = 1000;
    private const double TuneShare = 0.15;
    private const double TuneRateShare = 0.3;

    public IReadOnlyList<QuickstartRow> Rows { get; private set; } = [];

    public RunFolder Masked { get; } = new(Path.Combine(folder, "masked"));

    public RunFolder Tuned { get; } = new(Path.Combine(folder, "tuned"));

    public RunFolder Baseline { get; } = new(Path.Combine(folder, "unmasked"));

    public SceneDataset Data { get; private set; } = null!;

    public TrainingResult MaskedResult { get; private set; } = null!;

    /// <summary>Whether a study was begun in the folder before.</summary>
    public bool HasBegun() => new[] { Masked, Tuned, Baseline }.Any(run => run.HasBegun);

    public void Run(CancellationToken cancellation)
    {
        view.Message($"Drawing {TrainScenes:N0} scenes with captions.");
        Data = SceneDataset.Write(Path.Combine(folder, "data"), TrainScenes, EvalScenes, (ulong)seed, cancellation: cancellation);
        var config = Configuration();

        var masked = MaskedResult = Train(Masked, "masked training", config, null, cancellation);
        var tuned = Train(Tuned, "unmasked tuning", TuneOf(masked.Config), Masked.Model, cancellation);
        var seconds = masked.State.Seconds + tuned.State.Seconds;
        var unmasked = TuneRecipe.WithoutMask(config);
        var baselineSamples = (long)(seconds * Speed(unmasked, cancellation));
        view.Message(FormattableString.Invariant($"The unmasked baseline gets the same {seconds:0} s: about {baselineSamples:N0} samples."));
        var baseline = Train(Baseline, "unmasked baseline", WithSamples(unmasked, baselineSamples), null, cancellation);

        view.Message("Measuring on pairs of colour and background that no training scene shows.");
        Rows =
        [
            Measure("masked", Masked, masked, cancellation),
            Measure("masked, then tuned unmasked", Tuned, tuned, cancellation) with { Samples = masked.State.Samples + tuned.State.Samples, Seconds = seconds },
            Measure("unmasked, same time", Baseline, baseline, cancellation),
            Chance(masked.Scores),
        ];
    }

    private FlipConfig Configuration()
    {
        var preset = Presets.Get("tiny").Config;
        return preset with
        {
            Data = preset.Data with { Train = Data.Train, FlipProbability = 0, CropMinArea = 0.9 }, // what a caption says must stay true
            Train = preset.Train with { Samples = Duration.OfSamples(samples), Seed = seed },
            Eval = preset.Eval with { ZeroShot = Data.HeldOut, ClassNames = Data.ClassNames, Templates = Data.Templates, Retrieval = Data.Retrieval },
        };
    }

    private TrainingResult Train(RunFolder run, string stage, FlipConfig config, string? initial, CancellationToken cancellation)
    {
        Directory.CreateDirectory(run.Path);
        return new TrainingSession(run, stage, view).Start(config, initial, cancellation);
    }

    // Longer and faster than the paper's hundredth, which would be a handful of steps here.
    private static FlipConfig TuneOf(FlipConfig trained)
    {
        var config = TuneRecipe.After(trained);
        return config with
        {
            Train = config.Train with
            {
                Samples = trained.Train.Samples with { Value = trained.Train.Samples.Value * TuneShare },
                BaseLearningRate = trained.Train.BaseLearningRate * TuneRateShare,
            },
        };
    }

    private static FlipConfig WithSamples(FlipConfig config, long samples) =>
        config with { Train = config.Train with { Samples = Duration.OfSamples(samples) } };

    /// <summary>Samples per second of a configuration, from a few steps that are thrown away.</summary>
    private double Speed(FlipConfig config, CancellationToken cancellation)
    {
        const int steps = 12;
        var probe = new RunFolder(Path.Combine(folder, "speed"));
        Directory.CreateDirectory(probe.Path);
        var speeds = new List<double>();
        using var recorder = new SpeedRecorder(speeds);
        new TrainingSession(probe, "measuring speed", recorder).Start(
            config with
            {
                Eval = new EvalConfig(),
                Train = config.Train with { Samples = Duration.OfSteps(steps), Warmup = Duration.OfSteps(steps), LogEvery = Duration.OfSteps(1) },
            },
            null,
            cancellation);
        Directory.Delete(probe.Path, recursive: true);
        return speeds.Skip(steps / 3).Order().ElementAt((steps - (steps / 3)) / 2);
    }

    private QuickstartRow Measure(string name, RunFolder run, TrainingResult result, CancellationToken cancellation)
    {
        using var loaded = ModelFolder.Load(run.Model);
        var seen = Evaluators.ZeroShot(loaded.Config, loaded.Tokenizer, Data.Seen, Data.ClassNames, "seen");
        return new QuickstartRow(
            name,
            result.State.Samples,
            result.State.Seconds,
            result.Scores["zeroShot/top1"],
            seen.Evaluate(new InferenceEncoder(loaded.Model), cancellation)["seen/top1"],
            result.Scores["retrieval/textToImage/R@1"],
            result.Scores["retrieval/imageToText/R@1"]);
    }

    /// <summary>The chance levels that came with a run's scores.</summary>
    private static QuickstartRow Chance(IReadOnlyDictionary<string, double> scores) => new(
        "chance",
        0,
        0,
        scores["zeroShot/chance"],
        scores["zeroShot/chance"],
        scores["retrieval/textToImage/chance R@1"],
        scores["retrieval/imageToText/chance R@1"]);

    private sealed class SpeedRecorder(List<double> speeds) : IProgressView
    {
        public void Report(TrainProgress progress) => speeds.Add(progress.SamplesPerSecond);

        public void Report(ItemProgress progress)
        {
        }

        public void Message(string text)
        {
        }

        public void Dispose()
        {
        }
    }
}
