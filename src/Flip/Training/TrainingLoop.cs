using System.Diagnostics;
using Flip.Collectives;
using Flip.Config;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// The training loop. Everything random in a step is a function of (seed, epoch, sample) or of the step, and everything scheduled a function
/// of samples seen, so a run that is stopped and continued is the same run. Ranks that share a training each compute their part of every batch;
/// rank 0 writes checkpoints and is the one that is observed.
/// </summary>
public sealed class TrainingLoop : IDisposable
{
    private readonly ITrainee _trainee;
    private readonly ITrainingObserver _observer;
    private readonly ICommunicator _ranks;
    private readonly GradientExchange _exchange;
    private readonly AdamW _optimizer;
    private readonly TrainingCheckpoints? _checkpoints;
    private readonly SpikeResponse? _spikes;
    private readonly WholeState _whole;
    private readonly Func<long, IBatchSource> _openSource;
    private readonly ProgressInterval _interval = new();
    private RankAgreement _agreement;
    private IBatchSource? _source;
    private IReadOnlyDictionary<string, long> _badBefore = new Dictionary<string, long>();

    /// <summary>A training from a checkpoint's folder, or from the present weights where that is null.</summary>
    /// <param name="trainee">What is trained; owned, as is all that it and the following open.</param>
    /// <param name="openSource">Opens the data at a position, samples.</param>
    /// <param name="checkpoints">Where checkpoints go; null on all ranks but the first.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="checkpoint">Folder of a checkpoint to continue from; null to start, and on all ranks but the first.</param>
    /// <param name="ranks">Who shares the training; null for this process alone. All begin from the weights of rank 0.</param>
    /// <exception cref="ConfigException">The settings make no training of the data, or the checkpoint was made on other data.</exception>
    public TrainingLoop(
        ITrainee trainee,
        Func<long, IBatchSource> openSource,
        CheckpointStore? checkpoints,
        ITrainingObserver observer,
        string? checkpoint = null,
        ICommunicator? ranks = null)
    {
        (_trainee, _openSource, _observer, _ranks) = (trainee, openSource, observer, ranks ?? OneProcess.Instance);
        var shards = ParameterShards.Of(trainee.Parameters, _ranks, trainee.Settings.ShardOptimizer);
        (_exchange, _agreement) = (new GradientExchange(trainee.Parameters, _ranks, shards), new RankAgreement(_ranks));
        _optimizer = trainee.CreateOptimizer(shards);
        try
        {
            Ema = trainee.Settings.WeightEma > 0 ? new WeightEma(trainee.Parameters, trainee.Settings.WeightEma) : null;
            _whole = new WholeState(trainee, _optimizer, Ema, _exchange);
            State = _whole.Load(checkpoint);
            _badBefore = State.BadSamples;
            _source = openSource(State.DataPosition);
            if (State.SamplesPerEpoch != 0 && State.SamplesPerEpoch != Source.SamplesPerEpoch)
            {
                throw new ConfigException(
                    $"The training data has {Source.SamplesPerEpoch:N0} samples, and the run began on {State.SamplesPerEpoch:N0}. It can only continue on the same data; a new run may start from its weights.");
            }

            Plan = trainee.Plan(Source.SamplesPerEpoch);
            _checkpoints = new TrainingCheckpoints(trainee, Plan, checkpoints, observer, _whole, _ranks);
            _spikes = new SpikeResponse(SpikeGuard.Of(trainee.Settings), Plan, _checkpoints, _whole, _ranks);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where the training is.</summary>
    public TrainState State { get; private set; } = TrainState.Start;

    /// <summary>The moving average of weights, or null.</summary>
    public WeightEma? Ema { get; }

    /// <summary>Lengths and schedules.</summary>
    public TrainingPlan Plan { get; }

    private IBatchSource Source => _source!;

    private TrainingCheckpoints Checkpoints => _checkpoints!;

    /// <summary>Trains to the end of the plan, with a checkpoint and an evaluation there. Then every rank has all weights.</summary>
    /// <returns>The numbers of the last evaluation.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint was written first, as for any failure but the next.</exception>
    /// <exception cref="IOException">A checkpoint could not be written; the earlier ones are as they were.</exception>
    /// <exception cref="NonFiniteLossException">A loss, a gradient or the weights are not finite.</exception>
    /// <exception cref="OutOfDeviceMemoryException">A step does not fit in the device's memory.</exception>
    public IReadOnlyDictionary<string, double> Run(CancellationToken cancellation = default)
    {
        try
        {
            return RunToEnd(cancellation);
        }
        catch (Exception e) when (e is not NonFiniteLossException && State.Steps > 0 && AllSave(e))
        {
            Checkpoints.TrySave(State);
            throw;
        }
    }

    /// <summary>Measures the model now, by its averaged weights where an average is kept.</summary>
    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancellation = default)
    {
        IReadOnlyDictionary<string, double> values;
        ExchangeAverage();
        try
        {
            values = WithAdvice(() => _trainee.Measure(cancellation), () => "It was wanted by an evaluation: a smaller batch of it (eval.batchSize) takes less.");
        }
        catch
        {
            Ema?.Exchange(); // nothing is sent: the other ranks may be elsewhere
            throw;
        }

        ExchangeAverage();
        _observer.OnEvaluation(State, values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _checkpoints?.Dispose();
        _source?.Dispose();
        _optimizer.Dispose();
        Ema?.Dispose();
        _trainee.Dispose();
    }

    private IReadOnlyDictionary<string, double> RunToEnd(CancellationToken cancellation)
    {
        while (State.Samples < Plan.TotalSamples)
        {
            var before = State.Samples;
            var saves = WithAdvice(() => Step(cancellation), _trainee.DescribeMemory);
            Checkpoints.Collect();
            var last = State.Samples >= Plan.TotalSamples;
            if (!last && saves)
            {
                SaveCheckpoint();
            }

            if (!last && Plan.EvaluateEvery is { } every && TrainingPlan.Passes(before, State.Samples, every))
            {
                Evaluate(cancellation);
            }
        }

        SaveCheckpoint();
        var values = Evaluate(cancellation);
        Checkpoints.Finish();
        _whole.Unite();
        return values;
    }

    /// <summary>Average and weights change places, on all ranks.</summary>
    private void ExchangeAverage()
    {
        Ema?.Exchange();
        if (Ema is not null && _trainee.Parameters.Masters.IsDivided)
        {
            _exchange.SpreadWeights();
        }
    }

    /// <summary>Whether all ranks see a failure, and so can bring their parts of a checkpoint together: when they stop.</summary>
    private bool AllSave(Exception e) => !_exchange.IsShared || e is OperationCanceledException;

    /// <returns>Whether a checkpoint is due.</returns>
    private bool Step(CancellationToken cancellation)
    {
        if (!_exchange.IsShared)
        {
            cancellation.ThrowIfCancellationRequested(); // ranks agree on it behind the step
        }

        var started = Stopwatch.GetTimestamp();
        var learningRate = Plan.LearningRate.At(State.Samples); // read before counting: the first update changes nothing
        var position = Position(State.Samples, State.Steps);
        var (pending, waited) = _trainee.ComputeGradient(Source, position, _exchange, _exchange.IsShared ? CancellationToken.None : cancellation);
        var (agreed, factor) = Read(pending, position, cancellation);
        var (loss, norm) = (agreed.Loss, agreed.Norm);
        var (spike, history) = _spikes!.Judge(State, loss.Loss, norm);
        var (action, restored) = (SpikeAction.Log, (TrainState?)null);
        if (spike is not null)
        {
            (action, history, restored) = _spikes.Act(State, history!);
        }

        if (action == SpikeAction.Log)
        {
            _optimizer.Step(learningRate, GradientNorm.Scale(norm, _trainee.Settings.GradientClip));
            _exchange.SpreadWeights();
            _trainee.OnUpdated();
            Ema?.Update();
        }

        var before = position.Samples;
        var elapsed = Stopwatch.GetElapsedTime(started);
        var seconds = State.Seconds + elapsed.TotalSeconds;
        State = restored is not null ? restored with { Seconds = seconds } : new TrainState(
            before + Plan.BatchSize, State.Steps + 1, seconds, Source.SamplesPerEpoch, BadSamples(agreed.BadSamples), history);
        if (spike is not null)
        {
            _observer.OnSpike(new SpikeOutcome(spike, action, before, State, Plan.BatchSize));
        }

        if (restored is not null)
        {
            GoOnElsewhere();
            return agreed.Stops ? throw new OperationCanceledException(cancellation) : false;
        }

        _interval.AddStep(loss, Plan.BatchSize, elapsed, waited);
        if (State.Steps == 1 || State.Samples >= Plan.TotalSamples || TrainingPlan.Passes(before, State.Samples, Plan.LogEvery))
        {
            _observer.OnProgress(
                _interval.Progress(State, Plan.TotalSamples, learningRate, norm, factor, position.ImageMaskRatio));
            _interval.Restart();
        }

        return agreed.Stops ? throw new OperationCanceledException(cancellation) : agreed.Saves;
    }

    /// <summary>Adds to a want of memory what takes less.</summary>
    private static T WithAdvice<T>(Func<T> compute, Func<string> advice)
    {
        try
        {
            return compute();
        }
        catch (Exception e) when (OutOfDeviceMemoryException.IsCause(e))
        {
            throw new OutOfDeviceMemoryException($"{e.Message.Split('\n')[0].TrimEnd()} {advice()}", e);
        }
    }

    /// <summary>Reads the data from where the state says.</summary>
    private void GoOnElsewhere()
    {
        _trainee.Forget();
        Source.Dispose();
        _source = _openSource(State.DataPosition);
        (_badBefore, _agreement) = (State.BadSamples, new RankAgreement(_ranks));
        _interval.Restart();
    }

    private StepPosition Position(long samples, long steps) =>
        new(samples, steps, Plan.BatchSize, Plan.ImageMask.At(samples)) { SkippedSamples = State.Spikes?.SkippedSamples ?? 0 };

    /// <summary>The step's numbers, in the one wait that it has; before it, the next step's pairs join the device's queue.</summary>
    private (AgreedStep Step, double? LogitFactor) Read(PendingLoss pending, StepPosition position, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var held = pending;
        var bad = Source.BadSamples; // before the next step's pairs are taken
        var norm = _exchange.IsShared ? _exchange.OwnSquaredNorm() : GradientNorm.On(_trainee.Parameters.Gradient);
        var factor = _trainee.LogitFactor();
        var after = position.Samples + Plan.BatchSize;
        if (after < Plan.TotalSamples)
        {
            _trainee.Prepare(Source, Position(after, position.Steps + 1));
        }

        var (loss, others) = pending.Read(factor is null ? [norm] : [norm, factor]);
        var saves = Checkpoints.IsDue(position.Samples, after);
        var agreed = _exchange.IsShared
            ? _agreement.Of(loss, others[0], cancellation.IsCancellationRequested, saves, bad)
            : new AgreedStep(loss, others[0], false, saves, bad);
        return (agreed, factor is null ? null : others[1]);
    }

    private void SaveCheckpoint() => WithAdvice(
        () =>
        {
            Checkpoints.Save(State);
            return true;
        },
        _trainee.DescribeMemory);

    /// <summary>Those before this process began and those since.</summary>
    private Dictionary<string, long> BadSamples(IReadOnlyDictionary<string, long> since) => _badBefore.Concat(since)
        .GroupBy(cause => cause.Key)
        .ToDictionary(cause => cause.Key, cause => cause.Sum(c => c.Value));
}
