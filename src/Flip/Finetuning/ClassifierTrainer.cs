using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Training;

namespace Flip.Finetuning;

/// <summary>The training loop of a classifier.</summary>
public sealed class ClassifierTrainer : TrainingLoop
{
    private readonly ImageClassifier _classifier;
    private readonly ClassifierStep _step;
    private readonly Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> _measure;

    /// <summary>A training from <paramref name="checkpoint"/>, or from the classifier's present weights.</summary>
    /// <param name="classifier">The classifier; not owned.</param>
    /// <param name="config">Plan, loss and optimiser.</param>
    /// <param name="openSource">Opens the labelled data at a position, samples.</param>
    /// <param name="checkpoints">Where checkpoints go.</param>
    /// <param name="measure">Named numbers of the classifier, during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    public ClassifierTrainer(
        ImageClassifier classifier,
        FinetuneConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore checkpoints,
        Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint = null)
        : base(Parts(classifier, config, openSource, checkpoints, observer), checkpoint)
    {
        (_classifier, _measure) = (classifier, measure);
        _step = new ClassifierStep(classifier, config);
    }

    /// <summary>The optimiser of a recipe: layer-wise rates, decay of matrices.</summary>
    public static AdamW Optimizer(ImageClassifier classifier, FinetuneConfig config) => new(
        classifier.Parameters,
        new AdamWOptions(config.Beta1, config.Beta2, config.Eps, config.WeightDecay),
        new LayerDecay(classifier.Config.Image.Depth, config.LayerDecay).Factor);

    /// <inheritdoc/>
    protected override (StepLoss Loss, TimeSpan Waited) ComputeGradient(CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var batch = Source.Next(Plan.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (_step.ComputeGradient(batch, State.Steps), waited);
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation) => _measure(_classifier, cancellation);

    private static TrainingParts Parts(
        ImageClassifier classifier,
        FinetuneConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore checkpoints,
        ITrainingObserver observer) => new(
            classifier.Parameters,
            classifier.Config,
            Optimizer(classifier, config),
            config.WeightEma > 0 ? new WeightEma(classifier.Parameters, config.WeightEma) : null,
            config.GradientClip,
            checkpoints,
            observer,
            openSource,
            samplesPerEpoch => FinetunePlan.Of(config, samplesPerEpoch));
}
