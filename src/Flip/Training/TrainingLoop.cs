using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;

namespace Flip.Training;

/// <summary>What a <see cref="TrainingLoop"/> works with.</summary>
/// <param name="Parameters">The weights; not owned.</param>
/// <param name="Model">The model that they are of.</param>
/// <param name="Optimizer">Updates them; owned.</param>
/// <param name="Ema">Their moving average, or null; owned.</param>
/// <param name="GradientClip">Largest norm of the gradient; 0 does not clip.</param>
/// <param name="Checkpoints">Where checkpoints go.</param>
/// <param name="Observer">Sees progress.</param>
/// <param name="OpenSource">Opens the data at a position, samples.</param>
/// <param name="Plan">The plan for a number of samples of an epoch.</param>
public sealed record TrainingParts(
    FlatParameters Parameters,
    ModelConfig Model,
    AdamW Optimizer,
    WeightEma? Ema,
    double GradientClip,
    CheckpointStore Checkpoints,
    ITrainingObserver Observer,
    Func<long, IBatchSource> OpenSource,
    Func<long, TrainingPlan> Plan);

/// <summary>
/// The training loop. Everything random in a step is a function of (seed, epoch, sample) or of the step, and everything scheduled a function
/// of samples seen, so a run that is stopped and continued is the same run.
/// </summary>
public abstract class TrainingLoop : IDisposable
{
    private readonly TrainingParts _parts;
    private readonly Interval _interval = new();
    private readonly IReadOnlyDictionary<string, long> _badBefore;

    /// <summary>A training from a checkpoint's folder, or from the present weights where that is null.</summary>
    /// <exception cref="ConfigException">The checkpoint was made on other data.</exception>
    protected TrainingLoop(TrainingParts parts, string? checkpoint)
    {
        _parts = parts;
        if (checkpoint is not null)
        {
            State = CheckpointStore.Load(checkpoint, parts.Parameters, parts.Model, parts.Optimizer, parts.Ema);
        }

        _badBefore = State.BadSamples;
        Source = parts.OpenSource(State.Samples);
        if (State.SamplesPerEpoch != 0 && State.SamplesPerEpoch != Source.SamplesPerEpoch)
        {
            throw new ConfigException(
                $"The training data has {Source.SamplesPerEpoch:N0} samples, and the run began on {State.SamplesPerEpoch:N0}. It can only continue on the same data; a new run may start from its weights.");
        }

        Plan = parts.Plan(Source.SamplesPerEpoch);
    }

    /// <summary>Where the training is.</summary>
    public TrainState State { get; private set; } = TrainState.Start;

    /// <summary>The moving average of weights, or null.</summary>
    public WeightEma? Ema => _parts.Ema;

    /// <summary>Lengths and schedules.</summary>
    public TrainingPlan Plan { get; }

    /// <summary>The data.</summary>
    protected IBatchSource Source { get; }

    /// <summary>Trains to the end of the plan, with a checkpoint and an evaluation there.</summary>
    /// <returns>The numbers of the last evaluation.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint was written first, as for any failure but the next.</exception>
    /// <exception cref="NonFiniteLossException">A loss, a gradient or the weights are not finite.</exception>
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

    /// <summary>Measures the model now, by its averaged weights where an average is kept.</summary>
    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation = default)
    {
        using var averaged = Ema?.Applied();
        var values = Measure(cancellation);
        _parts.Observer.OnEvaluation(State, values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the loop owns.</summary>
    protected virtual void Dispose(bool disposing)
    {
        Source.Dispose();
        _parts.Optimizer.Dispose();
        _parts.Ema?.Dispose();
    }

    /// <summary>Fills the gradient with that of the next batch's loss.</summary>
    /// <returns>The loss, and the time spent waiting for data.</returns>
    protected abstract (StepLoss Loss, TimeSpan Waited) ComputeGradient(CancellationToken cancellation);

    /// <summary>Named numbers of the present weights.</summary>
    protected abstract IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation);

    /// <summary>Called after each update of the weights.</summary>
    protected virtual void OnUpdated()
    {
    }

    /// <summary>The factor on cosine similarities, for the log; null where there is none.</summary>
    protected virtual double? LogitFactor() => null;

    private IReadOnlyDictionary<string, double> RunToEnd(CancellationToken cancellation)
    {
        while (State.Samples < Plan.TotalSamples)
        {
            var before = State.Samples;
            Step(cancellation);
            var last = State.Samples >= Plan.TotalSamples;
            if (!last && TrainingPlan.Passes(before, State.Samples, Plan.CheckpointEvery))
            {
                SaveCheckpoint();
            }

            if (!last && Plan.EvaluateEvery is { } every && TrainingPlan.Passes(before, State.Samples, every))
            {
                Evaluate(cancellation);
            }
        }

        SaveCheckpoint();
        return Evaluate(cancellation);
    }

    private void Step(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var started = Stopwatch.GetTimestamp();
        var learningRate = Plan.LearningRate.At(State.Samples); // read before counting: the first update changes nothing
        var maskRatio = Plan.ImageMask.At(State.Samples);
        var (loss, waited) = ComputeGradient(cancellation);
        var norm = GradientNorm.Of(_parts.Parameters.Gradient);
        if (!double.IsFinite(loss.Loss) || !double.IsFinite(norm))
        {
            throw NotFinite(NonFiniteLossException.Step(loss.Loss, norm));
        }

        _parts.Optimizer.Step(learningRate, GradientNorm.Scale(norm, _parts.GradientClip));
        OnUpdated();
        Ema?.Update();

        var before = State.Samples;
        var elapsed = Stopwatch.GetElapsedTime(started);
        State = new TrainState(
            before + Plan.BatchSize, State.Steps + 1, State.Seconds + elapsed.TotalSeconds, Source.SamplesPerEpoch, BadSamples());
        _interval.AddStep(loss, Plan.BatchSize, elapsed, waited);
        if (State.Steps == 1 || State.Samples >= Plan.TotalSamples || TrainingPlan.Passes(before, State.Samples, Plan.LogEvery))
        {
            _parts.Observer.OnProgress(_interval.Progress(State, Plan.TotalSamples, learningRate, norm, LogitFactor(), maskRatio));
            _interval.Restart();
        }
    }

    /// <exception cref="NonFiniteLossException">The last update has spoilt the weights.</exception>
    private void SaveCheckpoint()
    {
        if (!WeightFile.IsFinite(_parts.Parameters.Master))
        {
            throw NotFinite("A weight");
        }

        _parts.Observer.OnCheckpoint(State, _parts.Checkpoints.Save(State, _parts.Parameters, _parts.Optimizer, Ema));
    }

    /// <summary>A checkpoint is good when a step from it is finite. One of the present state has just failed, so it is set aside, and
    /// the newest that stays is good.</summary>
    private NonFiniteLossException NotFinite(string what)
    {
        var setAside = _parts.Checkpoints.SetAside(State.Samples);
        return new(State.Samples, what, _parts.Checkpoints.Latest, setAside);
    }

    /// <summary>Keeps what was learnt when something else failed, which is then what the user is told.</summary>
    private void TrySaveCheckpoint()
    {
        try
        {
            SaveCheckpoint();
        }
        catch (Exception e) when (e is IOException or NonFiniteLossException)
        {
            // The first failure may be this very one: a full disk.
        }
    }

    /// <summary>Those before this process began and those since.</summary>
    private Dictionary<string, long> BadSamples() => _badBefore.Concat(Source.BadSamples)
        .GroupBy(cause => cause.Key)
        .ToDictionary(cause => cause.Key, cause => cause.Sum(c => c.Value));

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
            TrainState state, long total, double learningRate, double norm, double? logitFactor, double maskRatio) => new(
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
