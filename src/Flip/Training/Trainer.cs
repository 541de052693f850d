using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;

namespace Flip.Training;

/// <summary>
/// The training loop. Everything random in a step is a function of (seed, epoch, sample) and everything scheduled a function
/// of samples seen, so a run that is stopped and continued is the same run.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly FlipModel _model;
    private readonly IBatchSource _source;
    private readonly IBatchSource? _secondPass;
    private readonly BatchReading _reading;
    private readonly TrainingPlan _plan;
    private readonly TrainingStep _step;
    private readonly AdamW _optimizer;
    private readonly WeightEma? _ema;
    private readonly double _gradientClip;
    private readonly CheckpointStore _checkpoints;
    private readonly IReadOnlyList<IEvaluator> _evaluators;
    private readonly ITrainingObserver _observer;
    private readonly Interval _interval = new();
    private readonly IReadOnlyDictionary<string, long> _badBefore;

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
    {
        var train = config.Train;
        _model = model;
        _checkpoints = checkpoints;
        _evaluators = evaluators;
        _observer = observer;
        _gradientClip = train.GradientClip;
        _reading = BatchReading.Of(config);
        _step = new TrainingStep(model, train with { MicroBatch = _reading.MicroBatch });
        _optimizer = new AdamW(model.Parameters, new AdamWOptions(train.Beta1, train.Beta2, train.Eps, train.WeightDecay));
        _ema = train.WeightEma > 0 ? new WeightEma(model.Parameters, train.WeightEma) : null;
        if (checkpoint is not null)
        {
            State = CheckpointStore.Load(checkpoint, model, _optimizer, _ema);
        }

        _badBefore = State.BadSamples;
        _source = openSource(State.Samples);
        if (State.SamplesPerEpoch != 0 && State.SamplesPerEpoch != _source.SamplesPerEpoch)
        {
            throw new ConfigException(
                $"data.train: has {_source.SamplesPerEpoch:N0} samples, and the run began on {State.SamplesPerEpoch:N0}. It can only continue on the same data; `--init` starts a new run from its weights.");
        }

        _plan = TrainingPlan.Of(config, _source.SamplesPerEpoch);
        _secondPass = _reading.Streams ? openSource(State.Samples) : null;
    }

    /// <summary>Where the training is.</summary>
    public TrainState State { get; private set; } = TrainState.Start;

    /// <summary>The moving average of weights, or null.</summary>
    public WeightEma? Ema => _ema;

    /// <summary>Trains to the end of the plan, with a checkpoint and an evaluation there.</summary>
    /// <returns>The numbers of the last evaluation.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint was written first, as for any failure but the next.</exception>
    /// <exception cref="NonFiniteLossException">A loss or gradient is not finite.</exception>
    public IReadOnlyDictionary<string, double> Run(CancellationToken cancellation = default)
    {
        try
        {
            return RunToEnd(cancellation);
        }
        catch (Exception e) when (e is not NonFiniteLossException && State.Steps > 0)
        {
            TrySaveCheckpoint();
            throw;
        }
    }

    private IReadOnlyDictionary<string, double> RunToEnd(CancellationToken cancellation)
    {
        while (State.Samples < _plan.TotalSamples)
        {
            var before = State.Samples;
            Step(cancellation);
            var last = State.Samples >= _plan.TotalSamples;
            if (!last && TrainingPlan.Passes(before, State.Samples, _plan.CheckpointEvery))
            {
                SaveCheckpoint();
            }

            if (!last && _plan.EvaluateEvery is { } every && TrainingPlan.Passes(before, State.Samples, every))
            {
                Evaluate(cancellation);
            }
        }

        SaveCheckpoint();
        return Evaluate(cancellation);
    }

    /// <summary>Measures the model now, by its averaged weights where an average is kept.</summary>
    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation = default)
    {
        using var averaged = _ema?.Applied();
        var values = new Dictionary<string, double>();
        var encoder = new InferenceEncoder(_model);
        foreach (var (name, value) in _evaluators.SelectMany(evaluator => evaluator.Evaluate(encoder, cancellation)))
        {
            values[name] = value;
        }

        _observer.OnEvaluation(State, values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Dispose();
        _secondPass?.Dispose();
        _optimizer.Dispose();
        _ema?.Dispose();
    }

    private void Step(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        var learningRate = _plan.LearningRate.At(State.Samples); // read before counting: the first update changes nothing
        var maskRatio = _plan.ImageMask.At(State.Samples);
        var (loss, waited) = ComputeGradient(maskRatio, cancellation);
        var norm = GradientNorm.Of(_model.Parameters.Gradient);
        if (!double.IsFinite(loss.Loss) || !double.IsFinite(norm))
        {
            throw new NonFiniteLossException(State.Samples, loss.Loss, norm, _checkpoints.Latest);
        }

        _optimizer.Step(learningRate, GradientNorm.Scale(norm, _gradientClip));
        _model.ClampLogitScale();
        _ema?.Update();

        var before = State.Samples;
        var elapsed = Stopwatch.GetElapsedTime(started);
        State = new TrainState(
            before + _plan.BatchSize, State.Steps + 1, State.Seconds + elapsed.TotalSeconds, _source.SamplesPerEpoch, BadSamples());
        _interval.AddStep(loss, _plan.BatchSize, elapsed, waited);
        if (State.Steps == 1 || State.Samples >= _plan.TotalSamples || TrainingPlan.Passes(before, State.Samples, _plan.LogEvery))
        {
            _observer.OnProgress(_interval.Progress(State, _plan.TotalSamples, learningRate, norm, LogitFactor(), maskRatio));
            _interval.Restart();
        }
    }

    private (StepLoss Loss, TimeSpan Waited) ComputeGradient(double maskRatio, CancellationToken cancellation)
    {
        if (_secondPass is not null)
        {
            var parts = new StreamedBatch(_source, _secondPass, _plan.BatchSize, _reading.MicroBatch, cancellation);
            return (_step.ComputeGradient(parts, maskRatio), parts.Waited);
        }

        var started = Stopwatch.GetTimestamp();
        var batch = _source.Next(_plan.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (_step.ComputeGradient(batch, maskRatio), waited);
    }

    private void SaveCheckpoint() => _observer.OnCheckpoint(State, _checkpoints.Save(State, _model, _optimizer, _ema));

    /// <summary>Keeps what was learnt when something else failed, which is then what the user is told.</summary>
    private void TrySaveCheckpoint()
    {
        try
        {
            SaveCheckpoint();
        }
        catch (IOException)
        {
            // The first failure may be this very one: a full disk.
        }
    }

    /// <summary>Those before this process began and those since.</summary>
    private Dictionary<string, long> BadSamples() => _badBefore.Concat(_source.BadSamples)
        .GroupBy(cause => cause.Key)
        .ToDictionary(cause => cause.Key, cause => cause.Sum(c => c.Value));

    private double LogitFactor()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var noGrad = TorchSharp.torch.no_grad();
        return _model.LogitFactor().item<float>();
    }

    /// <summary>Sums over the steps since the last log line; time between steps, as of evaluations, is left out.</summary>
    private sealed class Interval
    {
        private readonly List<StepLoss> _losses = [];
        private TimeSpan _elapsed;
        private TimeSpan _waited;
        private long _samples;

        public void Restart()
        {
            _losses.Clear();
            (_elapsed, _waited, _samples) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        }

        public void AddStep(StepLoss loss, int samples, TimeSpan elapsed, TimeSpan waited)
        {
            _losses.Add(loss);
            _samples += samples;
            _elapsed += elapsed;
            _waited += waited;
        }

        public TrainingProgress Progress(
            TrainState state, long total, double learningRate, double norm, double logitFactor, double maskRatio) => new(
            state,
            total,
            _losses.Average(l => l.Loss),
            _losses.Average(l => l.ContrastiveLoss),
            _losses.Average(l => l.ReconstructionLoss),
            learningRate,
            norm,
            logitFactor,
            maskRatio,
            _samples / Math.Max(1e-9, _elapsed.TotalSeconds),
            _waited / (_elapsed + TimeSpan.FromTicks(1)));
    }
}
