using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Tasks.ImageTasks;
using Flip.Training;

namespace Flip.Tasks.Answering;

/// <summary>A model that is trained on questions about images.</summary>
public sealed class AnswerTrainee : TwoRateTrainee<AnswerConfig>
{
    private readonly QuestionAnswerer _answerer;
    private readonly AnswerTargets _targets;
    private readonly SeenTokens? _seen;

    private AnswerTrainee(
        QuestionAnswerer answerer,
        AnswerConfig config,
        AnswerTargets targets,
        Func<QuestionAnswerer, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        SeenTokens? seen)
        : base(answerer.Parameters, answerer.Config, config, QuestionAnswerer.IsOfHead, token => measure(answerer, token)) => (_answerer, _targets, _seen) = (answerer, targets, seen);

    /// <summary>The training of a model, from <paramref name="checkpoint"/> or from its present weights.</summary>
    /// <param name="answerer">The model; not owned.</param>
    /// <param name="config">Plan and optimiser.</param>
    /// <param name="targets">What the answers count, by the questions' numbers.</param>
    /// <param name="openSource">Opens the questions with their images at a position, samples; a sample's number is its question's.</param>
    /// <param name="checkpoints">Where checkpoints go; null on all ranks but the first.</param>
    /// <param name="measure">Named numbers of the model, during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    /// <param name="ranks">Who shares the training; null for this process alone.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public static TrainingLoop Loop(
        QuestionAnswerer answerer,
        AnswerConfig config,
        AnswerTargets targets,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        Func<QuestionAnswerer, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint = null,
        ICommunicator? ranks = null) =>
        Loop(answerer, config, targets, openSource, checkpoints, measure, observer, checkpoint, ranks, seen: null);

    /// <inheritdoc cref="Loop(QuestionAnswerer, AnswerConfig, AnswerTargets, Func{long, IBatchSource}, CheckpointStore?, Func{QuestionAnswerer, CancellationToken, IReadOnlyDictionary{string, double}}, ITrainingObserver, string?, ICommunicator?)"/>
    /// <param name="seen">What the image tower makes of the images, where it does not learn; the batches have no pixels then.</param>
    internal static TrainingLoop Loop(
        QuestionAnswerer answerer,
        AnswerConfig config,
        AnswerTargets targets,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        Func<QuestionAnswerer, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint,
        ICommunicator? ranks,
        SeenTokens? seen) =>
        new(new AnswerTrainee(answerer, config, targets, measure, seen), openSource, checkpoints, observer, checkpoint, ranks);

    /// <inheritdoc/>
    protected override PendingLoss ComputeGradient(Batch batch, StepPosition step, GradientExchange exchange) =>
        new AnswerStep(_answerer, Config, _targets, exchange) { Seen = _seen }.ComputeGradient(batch);
}
