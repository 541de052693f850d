using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>The training loop of a two-tower model on pairs.</summary>
public sealed class Trainer : TrainingLoop
{
    private readonly FlipModel _model;
    private readonly IBatchSource? _secondPass;
    private readonly BatchReading _reading;
    private readonly TrainingStep _step;
    private readonly IReadOnlyList<IEvaluator> _evaluators;

    /// <summary>A training from <paramref name="checkpoint"/>, or from the model's present weights.</summary>
    /// <param name="model">The model; not owned.</param>
    /// <param name="config">Plan and optimiser.</param>
    /// <param name="openSource">Opens the data at a position, samples; twice where batches are streamed (<see cref="BatchReading"/>).</param>
    /// <param name="checkpoints">Where checkpoints go.</param>
    /// <param name="evaluators">Measurements during and after training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start.</param>
    public Trainer(
        FlipModel model,
        FlipConfig config,
        Func<long, IBatchSource> openSource,
        CheckpointStore checkpoints,
        IReadOnlyList<IEvaluator> evaluators,
        ITrainingObserver observer,
        string? checkpoint = null)
        : base(Parts(model, config, openSource, checkpoints, observer), checkpoint)
    {
        _model = model;
        _evaluators = evaluators;
        _reading = BatchReading.Of(config);
        _step = new TrainingStep(model, config.Train with { MicroBatch = _reading.MicroBatch });
        _secondPass = _reading.Streams ? openSource(State.Samples) : null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _secondPass?.Dispose();
    }

    /// <inheritdoc/>
    protected override (StepLoss Loss, TimeSpan Waited) ComputeGradient(CancellationToken cancellation)
    {
        var maskRatio = Plan.ImageMask.At(State.Samples);
        if (_secondPass is not null)
        {
            var parts = new StreamedBatch(Source, _secondPass, Plan.BatchSize, _reading.MicroBatch, cancellation);
            return (_step.ComputeGradient(parts, maskRatio), parts.Waited);
        }

        var started = Stopwatch.GetTimestamp();
        var batch = Source.Next(Plan.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (_step.ComputeGradient(batch, maskRatio), waited);
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation)
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
    protected override void OnUpdated() => _model.ClampLogitScale();

    /// <inheritdoc/>
    protected override double? LogitFactor()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return _model.LogitFactor().item<float>();
    }

    private static TrainingParts Parts(
        FlipModel model, FlipConfig config, Func<long, IBatchSource> openSource, CheckpointStore checkpoints, ITrainingObserver observer)
    {
        var train = config.Train;
        return new TrainingParts(
            model.Parameters,
            model.Config,
            new AdamW(model.Parameters, new AdamWOptions(train.Beta1, train.Beta2, train.Eps, train.WeightDecay)),
            train.WeightEma > 0 ? new WeightEma(model.Parameters, train.WeightEma) : null,
            train.GradientClip,
            checkpoints,
            observer,
            openSource,
            samplesPerEpoch => TrainingPlan.Of(config, samplesPerEpoch));
    }
}
