using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Tasks.ImageTasks;
using Flip.Training;

namespace Flip.Tasks.Captioning;

/// <summary>A captioner that is trained on captioned images.</summary>
public sealed class CaptionTrainee : TwoRateTrainee<CaptionConfig>
{
    private readonly Captioner _captioner;
    private readonly TowerTokens? _tokens;

    private CaptionTrainee(
        Captioner captioner, CaptionConfig config, Func<Captioner, CancellationToken, IReadOnlyDictionary<string, double>> measure, TowerTokens? tokens)
        : base(captioner.Parameters, captioner.Config, config, Captioner.IsOfHead, token => measure(captioner, token)) => (_captioner, _tokens) = (captioner, tokens);

    /// <summary>The training of a captioner, from <paramref name="checkpoint"/> or from the captioner's present weights.</summary>
    /// <param name="captioner">The captioner; not owned.</param>
    /// <param name="config">Plan and optimiser.</param>
    /// <param name="openSource">Opens the captioned images at a position, samples.</param>
    /// <param name="checkpoints">Where checkpoints go; null on all ranks but the first.</param>
    /// <param name="measure">Named numbers of the captioner, during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    /// <param name="ranks">Who shares the training; null for this process alone.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public static TrainingLoop Loop(
        Captioner captioner,
        CaptionConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        Func<Captioner, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint = null,
        ICommunicator? ranks = null) =>
        Loop(captioner, config, openSource, checkpoints, measure, observer, checkpoint, ranks, tokens: null);

    /// <inheritdoc cref="Loop(Captioner, CaptionConfig, Func{long, IBatchSource}, CheckpointStore?, Func{Captioner, CancellationToken, IReadOnlyDictionary{string, double}}, ITrainingObserver, string?, ICommunicator?)"/>
    /// <param name="tokens">What the tower makes of the images, where it does not learn; the batches have no pixels then.</param>
    internal static TrainingLoop Loop(
        Captioner captioner,
        CaptionConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        Func<Captioner, CancellationToken, IReadOnlyDictionary<string, double>> measure,
        ITrainingObserver observer,
        string? checkpoint,
        ICommunicator? ranks,
        TowerTokens? tokens) =>
        new(new CaptionTrainee(captioner, config, measure, tokens), openSource, checkpoints, observer, checkpoint, ranks);

    /// <inheritdoc/>
    protected override PendingLoss ComputeGradient(Batch batch, StepPosition step, GradientExchange exchange) =>
        new CaptionStep(_captioner, Config, exchange) { Tokens = _tokens }.ComputeGradient(batch);
}
