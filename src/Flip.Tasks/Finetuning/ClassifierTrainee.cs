using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Tasks.ImageTasks;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>A classifier that is trained on labelled images.</summary>
public sealed class ClassifierTrainee : ImageTaskTrainee<FinetuneConfig>
{
    private readonly ImageClassifier _classifier;
    private readonly LayerDecay _rates;

    private ClassifierTrainee(
        ImageClassifier classifier,
        FinetuneConfig config,
        Func<ImageClassifier, CancellationToken, IReadOnlyDictionary<string, double>> measure)
        : base(classifier.Parameters, classifier.Config, config, token => measure(classifier, token))
    {
        _classifier = classifier;
        _rates = new LayerDecay(classifier.Config.Image.Depth, config.LayerDecay);
    }

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

    /// <inheritdoc/>
    public override TrainingPlan Plan(long samplesPerEpoch) => FinetunePlan.Of(Config, samplesPerEpoch);

    /// <inheritdoc/>
    protected override double RateFactor(Parameter parameter) => _rates.Factor(parameter);

    /// <inheritdoc/>
    /// <remarks>An image is mixed with one at the batch's other end.</remarks>
    protected override PendingLoss ComputeGradient(Batch batch, StepPosition step, GradientExchange exchange) =>
        new ClassifierStep(_classifier, Config, exchange).ComputeGradient(batch, step.Steps, step.ImageMaskRatio);
}
