using System.Diagnostics;
using Flip.Config;
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
    private readonly TrainingStep _step;
    private IBatchSource? _secondPass;

    private PairTrainee(
        FlipModel model, FlipConfig config, Func<long, IBatchSource> openSource, IReadOnlyList<IEvaluator> evaluators)
    {
        (_model, _config, _openSource, _evaluators) = (model, config, openSource, evaluators);
        _reading = BatchReading.Of(config);
        _step = new TrainingStep(model, config.Train with { MicroBatch = _reading.MicroBatch });
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
    /// <param name="checkpoints">Where checkpoints go.</param>
    /// <param name="evaluators">Measurements during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public static TrainingLoop Loop(
        FlipModel model,
        FlipConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore checkpoints,
        IReadOnlyList<IEvaluator> evaluators,
        ITrainingObserver observer,
        string? checkpoint = null) =>
        new(new PairTrainee(model, config, openSource, evaluators), openSource, checkpoints, observer, checkpoint);

    /// <inheritdoc/>
    public TrainingPlan Plan(long samplesPerEpoch) => TrainingPlan.Of(_config, samplesPerEpoch);

    /// <inheritdoc/>
    public AdamW CreateOptimizer() => new(Parameters, AdamWOptions.Of(Settings));

    /// <inheritdoc/>
    public (StepLoss Loss, TimeSpan Waited) ComputeGradient(IBatchSource source, StepPosition step, CancellationToken cancellation)
    {
        if (_reading.Streams)
        {
            _secondPass ??= _openSource(step.Samples);
            var parts = new StreamedBatch(source, _secondPass, step.BatchSize, _reading.MicroBatch, cancellation);
            return (_step.ComputeGradient(parts, step.ImageMaskRatio), parts.Waited);
        }

        var started = Stopwatch.GetTimestamp();
        var batch = source.Next(step.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (_step.ComputeGradient(batch, step.ImageMaskRatio), waited);
    }

    /// <inheritdoc/>
    public void OnUpdated() => _model.ClampLogitScale();

    /// <inheritdoc/>
    public double? LogitFactor()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return _model.LogitFactor().item<float>();
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
    public void Dispose() => _secondPass?.Dispose();
}
