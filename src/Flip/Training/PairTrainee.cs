using Flip.Collectives;
using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>A two-tower model that is trained on pairs.</summary>
public sealed class PairTrainee : ITrainee
{
    private readonly FlipModel _model;
    private readonly FlipConfig _config;
    private readonly Func<long, IBatchSource> _openSource;
    private readonly IReadOnlyList<IEvaluator> _evaluators;
    private readonly BatchReading _reading;
    private readonly BatchShare _share;
    private readonly PairLayout _layout;
    private IBatchSource? _secondPass;
    private StreamedBatch? _streamed;
    private HeldBatch? _held;
    private TrainingStep? _step;
    private (StepPosition Step, HeldBatch Batch)? _next;

    private PairTrainee(
        FlipModel model, FlipConfig config, Func<long, IBatchSource> openSource, IReadOnlyList<IEvaluator> evaluators, ICommunicator ranks)
    {
        (_model, _config, _openSource, _evaluators) = (model, config, openSource, evaluators);
        _share = new BatchShare(ranks, config.Train.BatchSize);
        _reading = BatchReading.Of(config, new Compute(model.Parameters.Device, model.Parameters.ComputeType), ranks.World);
        _layout = new PairLayout(model.Config, (ulong)config.Train.Seed, model.Parameters.Device);
    }

    /// <inheritdoc/>
    public FlatParameters Parameters => _model.Parameters;

    /// <inheritdoc/>
    public ModelConfig Model => _model.Config;

    /// <inheritdoc/>
    public OptimizationConfig Settings => _config.Train;

    /// <summary>The training of a model on pairs, from <paramref name="checkpoint"/> or from the model's present weights.</summary>
    /// <param name="model">The model; not owned.</param>
    /// <param name="config">Plan and optimiser.</param>
    /// <param name="openSource">Opens the data at a position, samples; twice where batches are streamed (<see cref="BatchReading"/>).</param>
    /// <param name="checkpoints">Where checkpoints go; null on all ranks but the first.</param>
    /// <param name="evaluators">Measurements during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    /// <param name="ranks">Who shares the training; null for this process alone.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public static TrainingLoop Loop(
        FlipModel model,
        FlipConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        IReadOnlyList<IEvaluator> evaluators,
        ITrainingObserver observer,
        string? checkpoint = null,
        ICommunicator? ranks = null) =>
        new(new PairTrainee(model, config, openSource, evaluators, ranks ?? OneProcess.Instance), openSource, checkpoints, observer, checkpoint, ranks);

    /// <inheritdoc/>
    public TrainingPlan Plan(long samplesPerEpoch) => TrainingPlan.Of(_config, samplesPerEpoch);

    /// <inheritdoc/>
    public AdamW CreateOptimizer(ParameterShards shards) => new(Parameters, AdamWOptions.Of(Settings), shards: shards);

    /// <inheritdoc/>
    public (PendingLoss Loss, TimeSpan Waited) ComputeGradient(
        IBatchSource source, StepPosition step, GradientExchange exchange, CancellationToken cancellation)
    {
        ReleaseBatch(); // the device is done with it: the numbers of the step before were read
        _step ??= new TrainingStep(_model, _config.Train, exchange: exchange);
        if (_reading.Streams)
        {
            _secondPass ??= _openSource(step.DataPosition);
            _streamed = new StreamedBatch(source, _secondPass, _share.Count, _reading.MicroBatch, _layout, step.ImageMaskRatio, cancellation);
            return (_step.ComputeGradient(_streamed, _share), _streamed.Waited);
        }

        _held = _next is { } next && next.Step == step ? next.Batch : Hold(source, step);
        _held.Cancellation = cancellation;
        _next = null;
        return (_step.ComputeGradient(_held, _share), _held.Waited);
    }

    /// <inheritdoc/>
    public void Prepare(IBatchSource source, StepPosition next)
    {
        if (!_reading.Streams)
        {
            _next = (next, Hold(source, next));
            _next.Value.Batch.Begin(source);
        }
    }

    /// <inheritdoc/>
    public void Forget()
    {
        ReleaseBatch();
        _next?.Batch.Dispose();
        _secondPass?.Dispose();
        (_next, _secondPass) = (null, null);
    }

    /// <inheritdoc/>
    public string DescribeMemory()
    {
        var memory = new StepMemory(_config, Parameters.ComputeType, Parameters.Device.type, _share.Ranks.World);
        return FormattableString.Invariant(
            $"By arithmetic a step takes {memory.OfModel / 1e9:0.0} GB for the model and {memory.OfPair * _reading.MicroBatch / 1e9:0.0} GB for {_reading.MicroBatch:N0} of its {_reading.BatchSize:N0} pairs at a time. train.microBatch={Math.Max(1, _reading.MicroBatch / 2)} is the same step in less; so is train.checkpointBlocks=1. The copy from which checkpoints are written takes {memory.OfSnapshot / 1e9:0.0} GB of the machine's memory.");
    }

    /// <inheritdoc/>
    public void OnUpdated() => _model.ClampLogitScale();

    /// <inheritdoc/>
    public Tensor? LogitFactor()
    {
        using var noGrad = no_grad();
        return _model.LogitFactor();
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation)
    {
        var values = new Dictionary<string, double>();
        var encoder = new InferenceEncoder(_model);
        foreach (var (name, value) in _evaluators.SelectMany(evaluator => evaluator.Evaluate(encoder, cancellation)))
        {
            values[name] = value;
        }

        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private HeldBatch Hold(IBatchSource source, StepPosition step) =>
        HeldBatch.Read(source, _share.Count, _reading.MicroBatch, _layout, step.ImageMaskRatio);

    private void ReleaseBatch()
    {
        _streamed?.Dispose();
        _held?.Dispose();
        (_streamed, _held) = (null, null);
    }
}
