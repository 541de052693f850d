using Flip.Collectives;
using Flip.Config;
using Flip.Conversion;
using Flip.Data;
using Flip.Devices;
using Flip.Evaluation.DataSets;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Pretraining;

/// <summary>
/// Composes a training from a configuration: data, tokenizer, model, evaluations, logs, and the run folder they fill. Where ranks share a training,
/// rank 0 leads it, and the others <see cref="Follow"/>.
/// </summary>
/// <param name="run">The run's folder.</param>
/// <param name="stage">What it is, one word, for progress.</param>
/// <param name="view">Shows progress.</param>
/// <param name="allowOutside">Whether links in the data may lead out of their folder.</param>
/// <param name="ranks">Who shares the training; null for this process alone.</param>
public sealed class TrainingSession(RunFolder run, string stage, IProgressView view, bool allowOutside = false, ICommunicator? ranks = null)
{
    private const int GallerySize = 8;

    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <summary>Takes part in a training that rank 0 leads, to its end.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether links in the data may lead out of their folder.</param>
    /// <param name="cancellation">Stops all ranks after a checkpoint.</param>
    /// <exception cref="ConfigException">This machine sees other data than rank 0's, or lacks the memory.</exception>
    public static void Follow(ICommunicator ranks, IProgressView view, bool allowOutside, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(view);
        var order = TrainingOrder.Take(ranks);
        var config = ResumeRules.Fitted(order.ReadConfig(), view.Message);
        Compute.UseThreads(config.Train);
        var compute = Compute.Of(config.Train);
        BatchReading.CheckMemory(config, compute, ranks.World);
        var data = TrainingData.Open(config.Data, view.Message, cancellation, allowOutside);
        order.CheckData(data, ranks);
        var tokenizer = order.ReadTokenizer();
        var evaluators = TrainingEvaluator.Of(config, tokenizer, SourceProgress.Sources(view.Message, allowOutside: allowOutside), cancellation, ranks);
        using var model = NewModel(config, compute);
        using var trainer = PairTrainee.Loop(
            model,
            config,
            position => data.Loader(config, tokenizer, position, compute, ranks),
            null,
            evaluators,
            new RunObserver("train", view, config.Data.Workers),
            null,
            ranks);
        trainer.Run(cancellation);
    }

    /// <summary>Starts a run. Whatever can be wrong is found before anything is written.</summary>
    /// <param name="config">What to do; a text vocabulary size of 0 becomes the tokenizer's.</param>
    /// <param name="initial">Model to take weights and tokenizer from; null for new ones.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public TrainingResult Start(FlipConfig config, string? initial, CancellationToken cancellation)
    {
        ConfigReader.Validate(config);
        CheckShares(config);
        Compute.UseThreads(config.Train);
        var compute = Compute.Of(config.Train);
        BatchReading.CheckMemory(config, compute, _ranks.World);
        var data = TrainingData.Open(config.Data, view.Message, cancellation, allowOutside);
        TrainingPlan.Of(config, data.Count);
        using var held = run.LockToBegin("train");
        if (initial is not null)
        {
            using var loaded = ModelSource.Load(initial, _ => config, trains: true, say: view.Message);
            StartWeights.Save(run, loaded.Model.Parameters);
            return Start(loaded.Config, data, loaded.Tokenizer, loaded.Model, cancellation);
        }

        var tokenizer = data.Tokenizer(config.Data, view.Message, cancellation);
        config = ModelFolder.WithVocabulary(config, tokenizer);
        using var model = NewModel(config, compute);
        return Start(config, data, tokenizer, model, cancellation);
    }

    /// <summary>Continues a run from its newest whole checkpoint, or from its beginning where it has none.</summary>
    /// <param name="sets">Settings to change, <c>key=value</c>; those that would make it another run are refused.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public TrainingResult Resume(IEnumerable<string> sets, CancellationToken cancellation)
    {
        using var held = run.Lock();
        var stored = ResumeRules.OnThisMachine(run.LoadConfig(), view.Message);
        var config = ConfigReader.Overlay(stored, sets);
        ResumeRules.Check(stored, config);
        config = ResumeRules.Fitted(config, view.Message);
        CheckShares(config);
        Compute.UseThreads(config.Train);
        var compute = Compute.Of(config.Train);
        BatchReading.CheckMemory(config, compute, _ranks.World);
        var checkpoint = ResumeRules.Checkpoint(run, view.Message);
        var data = TrainingData.Open(config.Data, view.Message, cancellation, allowOutside);
        var tokenizer = TokenizerFactory.Load(run.Tokenizer);
        var evaluators = TrainingEvaluator.Of(config, tokenizer, SourceProgress.Sources(view.Message, allowOutside: allowOutside), cancellation, _ranks);
        if (checkpoint is not null)
        {
            CheckWeights(checkpoint, config);
        }

        using var model = NewModel(config, compute);
        if (checkpoint is null)
        {
            StartWeights.Restore(run, model);
        }

        return Train(config, data, tokenizer, model, evaluators, checkpoint, cancellation);
    }

    /// <summary>A checkpoint that holds other weights than the configuration says is reported before the model is built.</summary>
    private static void CheckWeights(string checkpoint, FlipConfig config)
    {
        using var weights = new SafetensorsReader(Path.Combine(checkpoint, ModelFolder.WeightsFile));
        WeightFile.Check(weights, OwnNames.Instance, config.Model, FlipModel.Declare(config.Model, config.Train.Loss));
    }

    /// <summary>The configuration with the micro-batch that the memory makes necessary, written into the run as any setting.</summary>
    private FlipConfig WithMicroBatch(FlipConfig config, Compute compute)
    {
        var reading = BatchReading.Of(config, compute, _ranks.World);
        if (!reading.IsChosen)
        {
            return config;
        }

        view.Message(FormattableString.Invariant(
            $"What {reading.BatchSize:N0} pairs at a time would take does not fit in the memory: each step is computed in parts of {reading.MicroBatch} (train.microBatch)."));
        return config with { Train = config.Train with { MicroBatch = reading.MicroBatch } };
    }

    private void CheckShares(FlipConfig config)
    {
        if (config.Train.BatchSize < _ranks.World)
        {
            throw new ConfigException($"train.batchSize = {config.Train.BatchSize}: has no pair for each of the {_ranks.World} ranks.");
        }
    }

    private static FlipModel NewModel(FlipConfig config, Compute compute)
    {
        ModelMemory.CheckWeights(FlipModel.Declare(config.Model, config.Train.Loss), compute, trains: true);
        return new(config.Model, config.Train.Loss, compute.Type, compute.Device, (ulong)config.Train.Seed);
    }

    private TrainingResult Start(
        FlipConfig config, TrainingData data, ITokenizer tokenizer, FlipModel model, CancellationToken cancellation)
    {
        var evaluators = TrainingEvaluator.Of(config, tokenizer, SourceProgress.Sources(view.Message, allowOutside: allowOutside), cancellation, _ranks);
        Directory.CreateDirectory(run.Tokenizer);
        tokenizer.Save(run.Tokenizer, config.Model.Text.Length);
        return Train(config, data, tokenizer, model, evaluators, null, cancellation);
    }

    private TrainingResult Train(
        FlipConfig config,
        TrainingData data,
        ITokenizer tokenizer,
        FlipModel model,
        IReadOnlyList<TrainingEvaluator> evaluators,
        string? checkpoint,
        CancellationToken cancellation)
    {
        var compute = new Compute(model.Parameters.Device, model.Parameters.ComputeType);
        ResumeRules.SaySlow(compute, view.Message);
        config = WithMicroBatch(config, compute);
        config = config with { Train = config.Train with { Precision = compute.Precision } };
        var store = new CheckpointStore(run.Checkpoints, config.Train.KeepCheckpoints);
        var observer = new RunObserver(stage, view, config.Data.Workers);
        TrainingOrder.Give(_ranks, config, run.Tokenizer, data);
        using var trainer = PairTrainee.Loop(
            model, config, position => data.Loader(config, tokenizer, position, compute, _ranks), store, evaluators, observer, checkpoint, _ranks);
        run.SaveConfig(config);
        using var log = new MetricLog(run.Path, trainer.State.Samples);
        observer.Begin(log);
        var scores = trainer.Run(cancellation);
        using (trainer.Ema?.Applied())
        {
            ModelFolder.Save(run.Model, config, model, tokenizer);
        }

        var captioned = evaluators.Select(evaluator => evaluator.Data.Captioned).FirstOrDefault(images => images is not null);
        return new TrainingResult(config, trainer.State, scores, data.FirstPairs(config, tokenizer, GallerySize, cancellation), captioned);
    }
}

/// <summary>A finished training.</summary>
/// <param name="Config">The resolved configuration.</param>
/// <param name="State">Samples, steps and seconds.</param>
/// <param name="Scores">Numbers of the last evaluation.</param>
/// <param name="Gallery">The first pairs of the first epoch, cropped as in training.</param>
/// <param name="Captioned">Captioned images that were measured on; null where there are none.</param>
public sealed record TrainingResult(
    FlipConfig Config, TrainState State, IReadOnlyDictionary<string, double> Scores, Batch Gallery, CaptionedImages? Captioned);
