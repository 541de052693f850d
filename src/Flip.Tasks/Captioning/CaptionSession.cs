using System.Globalization;
using Flip.Collectives;
using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Pairs;
using Flip.Devices;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Tasks.Pretraining;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Captioning;

/// <summary>Composes the training of a captioner: the model's tower, the head, captioned images, logs, and the run folder they fill.</summary>
/// <param name="run">The run's folder.</param>
/// <param name="view">Shows progress.</param>
/// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
/// <param name="ranks">Who shares the training, which rank 0 leads; null for this process alone.</param>
public sealed class CaptionSession(RunFolder run, IProgressView view, bool allowOutside = false, ICommunicator? ranks = null)
{
    /// <summary>The command that begins and continues such runs.</summary>
    public const string Command = "caption train";

    private readonly TaskRun<CaptionConfig> _task = new(run, RecipeFiles.Captioning, view);
    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <inheritdoc cref="CaptionOrder.Follow"/>
    public static void Follow(ICommunicator ranks, IProgressView view, bool allowOutside, CancellationToken cancellation) =>
        CaptionOrder.Follow(ranks, view, allowOutside, cancellation);

    /// <summary>Starts a run. Whatever can be wrong is found before anything is written.</summary>
    /// <param name="inputs">Model and data.</param>
    /// <param name="config">The recipe.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public CaptionResult Start(CaptionInputs inputs, CaptionConfig config, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(config);
        var compute = TaskRun<CaptionConfig>.ComputeOf(config);
        using var stored = _task.Open(inputs.Model, inputs.Settings);
        var data = TrainingData.Open(DataOf(stored.Config.Data, inputs), view.Message, cancellation, allowOutside);
        var tokenizer = new MarkedTokenizer(CaptionVocabulary.Open(inputs.Vocabulary, stored, data, view.Message, cancellation));
        var tests = CaptionTests.Open(inputs.Tests, config, view, allowOutside, cancellation, _ranks);
        var plan = CaptionTrainee.PlanOf(config, data.Count);
        CheckShares(config);
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.TotalSamples / plan.BatchSize:N0} steps of {plan.BatchSize}, learning rate {plan.LearningRate.Peak:0.##e-0}; of the tower {config.TowerLearningRate * config.BatchSize / 256:0.##e-0}."));
        using var held = run.LockToBegin(Command);
        using var loaded = New(stored, config, tokenizer, compute);
        config = _task.Begin(inputs, config, Part(config, loaded.Captioner, compute), compute, folder => CaptionerFolder.Save(folder, loaded));
        return Train(config, loaded, data, tests, null, inputs, cancellation);
    }

    /// <summary>Continues a run from its newest checkpoint, or from its start where it has none.</summary>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public CaptionResult Resume(CancellationToken cancellation)
    {
        using var held = run.Lock();
        var inputs = CaptionInputs.Load(run.Path);
        var (config, compute, checkpoint) = _task.Continue();
        CheckShares(config);
        using var start = CaptionerFolder.Load(run.Start, compute, trains: true);
        config = _task.InParts(config, Part(config, start.Captioner, compute));
        var data = TrainingData.Open(DataOf(start.Config.Data, inputs), view.Message, cancellation, allowOutside);
        var tests = CaptionTests.Open(inputs.Tests, config, view, allowOutside, cancellation, _ranks);
        return Train(config, start, data, tests, checkpoint, inputs, cancellation);
    }

    private void CheckShares(CaptionConfig config)
    {
        if (config.BatchSize < _ranks.World)
        {
            throw new ConfigException($"batchSize = {config.BatchSize}: has no image for each of the {_ranks.World} ranks.");
        }
    }

    /// <summary>The data of a training; how captions are found and files are kept is as for the model.</summary>
    internal static DataConfig DataOf(DataConfig own, CaptionInputs inputs) => new()
    {
        Train = inputs.Train,
        Captions = own.Captions,
        Cache = own.Cache,
        CacheSize = own.CacheSize,
        S3Endpoint = own.S3Endpoint,
        S3Anonymous = own.S3Anonymous,
    };

    private static LoadedCaptioner New(StoredModel stored, CaptionConfig config, MarkedTokenizer tokenizer, Compute compute)
    {
        var (model, words) = (stored.Config.Model, tokenizer.VocabularySize);
        return new LoadedCaptioner(stored.Config, tokenizer, TaskRun<CaptionConfig>.OnTower(
            stored,
            Captioner.Declare(model, config.Head, words),
            Captioner.IsOfHead,
            compute,
            () => new Captioner(model, config.Head, words, compute.Type, compute.Device, (ulong)config.Seed),
            captioner => captioner.LoadTower(stored.Weights, stored.Names)));
    }

    /// <summary>Images that are computed at a time, by the memory.</summary>
    private static int Part(CaptionConfig config, Captioner captioner, Compute compute)
    {
        var scores = 4.0 * sizeof(float) * captioner.VocabularySize * config.Head.Length; // scores of all words, their logarithms, and the gradients of both
        return BatchReading.PartOfImages(captioner.Config.Image, config, captioner.Parameters.Count, compute, 0, scores);
    }

    private CaptionResult Train(
        CaptionConfig config, LoadedCaptioner loaded, TrainingData data, CaptionTests tests, string? checkpoint, CaptionInputs inputs, CancellationToken cancellation)
    {
        var observer = new RunObserver("caption", view, config.Workers);
        IReadOnlyList<CaptionedSet> written = [];
        using var tokens = config.TowerLearningRate > 0 || _ranks.World > 1 ? null : Tokens(config, loaded, data, cancellation);
        CaptionOrder.Give(_ranks, run, loaded, config, inputs, data);
        using var trainer = CaptionTrainee.Loop(
            loaded.Captioner,
            config,
            position => Loader(config, loaded, data, tokens, position),
            new CheckpointStore(run.Checkpoints, config.KeepCheckpoints),
            (_, token) => CaptionTests.Values(written = tests.Write(loaded, token)),
            observer,
            checkpoint,
            _ranks,
            tokens);
        SayExpectedTime(loaded.Captioner, config, tokens, trainer);
        _task.Train(trainer, observer, cancellation);
        File.Delete(run.TowerTokens);
        using var averaged = trainer.Ema?.Applied();
        CaptionerFolder.Save(run.Model, loaded);
        if (config.TowerLearningRate > 0)
        {
            TrainedTower.Save(run, inputs.Model, inputs.Settings, loaded.Captioner.Parameters, view.Message);
        }

        tests.Save(run.Evaluation, inputs.Model, loaded, written, cancellation);
        return new CaptionResult(trainer.State, CaptionTests.Scores(written));
    }

    /// <summary>What the tower makes of the training images, seen as in evaluations.</summary>
    private TowerTokens Tokens(CaptionConfig config, LoadedCaptioner loaded, TrainingData data, CancellationToken cancellation)
    {
        var (captioner, image) = (loaded.Captioner, loaded.Config.Model.Image);
        var compute = new Compute(captioner.Parameters.Device, captioner.Parameters.ComputeType);
        return TowerTokens.Open(
            run.TowerTokens,
            new PairImages(data.Pairs),
            EvaluationTransform.Of(loaded.Config),
            captioner.TowerTokens,
            compute,
            (image.PatchCount() + image.ClassTokens(), image.Width),
            ModelMemory.EncodingBatch(loaded.Config.Model, compute, config.EvalBatchSize),
            config.Workers,
            view,
            cancellation);
    }

    /// <summary>The loader at a position, of whole images: cropped by the recipe, or as evaluations see them where the tower does not learn; of captions alone where the tokens are known.</summary>
    internal static BatchLoader Loader(CaptionConfig config, LoadedCaptioner loaded, TrainingData data, TowerTokens? tokens, long position)
    {
        IImageTransform transform = tokens is not null ? new NoPixels(tokens)
            : config.TowerLearningRate == 0 ? EvaluationTransform.Of(loaded.Config)
            : ImageTaskLoading.Crops(config, loaded.Config);
        return new BatchLoader(data.Pairs, loaded.Tokenizer, transform, ImageTaskLoading.Options(config, position) with { TextLength = config.Head.Length });
    }

    private void SayExpectedTime(Captioner captioner, CaptionConfig config, TowerTokens? tokens, TrainingLoop trainer)
    {
        var count = Math.Min(ExpectedTime.Samples, config.MicroBatch > 0 ? config.MicroBatch : config.BatchSize);
        var (size, length) = (captioner.Config.Image.ImageSize, config.Head.Length);
        var lengths = Enumerable.Repeat(Math.Min(length, 14), count).ToArray(); // a caption of a dozen words
        var batch = new Batch(size, length, new byte[count * size * size * 3], new int[count * length], lengths, new long[count], new int[count]);
        var step = new CaptionStep(captioner, config) { Tokens = tokens };
        ExpectedTime.Say(view, trainer.Plan.TotalSamples - trainer.State.Samples, count, _ranks.World, () => step.ComputeGradient(batch));
    }
}
