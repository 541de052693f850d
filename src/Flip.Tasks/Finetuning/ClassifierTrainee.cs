using System.Diagnostics;
using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Finetuning;

/// <summary>A classifier that is trained on labelled images.</summary>
public sealed class ClassifierTrainee : ITrainee
{
    private readonly ImageClassifier _classifier;
    private readonly FinetuneConfig _config;
    private readonly Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> _measure;

    private ClassifierTrainee(
        ImageClassifier classifier,
        FinetuneConfig config,
        Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> measure)
    {
        (_classifier, _config, _measure) = (classifier, config, measure);
    }

    /// <inheritdoc/>
    public FlatParameters Parameters => _classifier.Parameters;

    /// <inheritdoc/>
    public ModelConfig Model => _classifier.Config;

    /// <inheritdoc/>
    public OptimizationConfig Settings => _config;

    private long SnapshotBytes => Parameters.Count * sizeof(float) * CheckpointSnapshot.Parts(_config.WeightEma > 0).Count;

    /// <summary>The training of a classifier, from <paramref name="checkpoint"/> or from the classifier's present weights.</summary>
    /// <param name="classifier">The classifier; not owned.</param>
    /// <param name="config">Plan, loss and optimiser.</param>
    /// <param name="openSource">Opens the labelled data at a position, samples.</param>
    /// <param name="checkpoints">Where checkpoints go; null on all ranks but the first.</param>
    /// <param name="measure">Named numbers of the classifier, during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    /// <param name="ranks">Who shares the training; null for this process alone.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public static TrainingLoop Loop(
        ImageClassifier classifier,
        FinetuneConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint = null,
        ICommunicator? ranks = null) =>
        new(new ClassifierTrainee(classifier, config, measure), openSource, checkpoints, observer, checkpoint, ranks);

    /// <summary>The optimiser of a recipe: layer-wise rates, decay of matrices.</summary>
    public static AdamW Optimizer(ImageClassifier classifier, FinetuneConfig config, ParameterShards? shards = null) => new(
        classifier.Parameters, AdamWOptions.Of(config), new LayerDecay(classifier.Config.Image.Depth, config.LayerDecay).Factor, shards);

    /// <inheritdoc/>
    public TrainingPlan Plan(long samplesPerEpoch) => FinetunePlan.Of(_config, samplesPerEpoch);

    /// <inheritdoc/>
    public AdamW CreateOptimizer(ParameterShards shards) => Optimizer(_classifier, _config, shards);

    /// <inheritdoc/>
    /// <remarks>Every rank reads the whole batch, since an image is mixed with one at the batch's other end, and computes its share.</remarks>
    public (PendingLoss Loss, TimeSpan Waited) ComputeGradient(
        IBatchSource source, StepPosition step, GradientExchange exchange, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        using var batch = source.Next(step.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (new ClassifierStep(_classifier, _config, exchange).ComputeGradient(batch, step.Steps, step.ImageMaskRatio), waited);
    }

    /// <inheritdoc/>
    public void Prepare(IBatchSource source, StepPosition next)
    {
        // Mixing needs the whole batch, and reads it from plain memory.
    }

    /// <inheritdoc/>
    public void Forget()
    {
        // Nothing is prepared.
    }

    /// <inheritdoc/>
    public string DescribeMemory()
    {
        var part = _config.MicroBatch > 0 ? Math.Min(_config.MicroBatch, _config.BatchSize) : _config.BatchSize;
        return FormattableString.Invariant(
            $"A step computes {part:N0} of its {_config.BatchSize:N0} images at a time. microBatch={Math.Max(1, part / 2)} is the same step in less memory; so is checkpointBlocks=1. The copy from which checkpoints are written takes {SnapshotBytes / 1e9:0.0} GB of the machine's memory.");
    }

    /// <inheritdoc/>
    public void OnUpdated()
    {
        // Nothing is clamped.
    }

    /// <inheritdoc/>
    public Tensor? LogitFactor() => null;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation) => _measure(_classifier, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The classifier is its creator's.
    }
}
