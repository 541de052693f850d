using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.ImageTasks;

/// <summary>What is trained that begins with the image tower of a model: all that does not depend on the task.</summary>
/// <typeparam name="TConfig">The task's settings.</typeparam>
/// <param name="parameters">The weights; not owned.</param>
/// <param name="model">The model whose tower it has.</param>
/// <param name="config">Plan, loss and optimiser.</param>
/// <param name="measure">Named numbers of the present weights.</param>
public abstract class ImageTaskTrainee<TConfig>(
    FlatParameters parameters, ModelConfig model, TConfig config, Func<CancellationToken, IReadOnlyDictionary<string, double>> measure) : ITrainee
    where TConfig : ImageTaskConfig
{
    /// <inheritdoc/>
    public FlatParameters Parameters => parameters;

    /// <inheritdoc/>
    public ModelConfig Model => model;

    /// <inheritdoc/>
    public OptimizationConfig Settings => config;

    /// <summary>The task's settings.</summary>
    protected TConfig Config => config;

    private long SnapshotBytes => Parameters.Count * sizeof(float) * CheckpointSnapshot.Parts(config.WeightEma > 0).Count;

    /// <inheritdoc/>
    public abstract TrainingPlan Plan(long samplesPerEpoch);

    /// <inheritdoc/>
    public AdamW CreateOptimizer(ParameterShards shards) => new(parameters, AdamWOptions.Of(config), RateFactor, shards);

    /// <inheritdoc/>
    /// <remarks>Every rank reads the whole batch and computes its share.</remarks>
    public (PendingLoss Loss, TimeSpan Waited) ComputeGradient(
        IBatchSource source, StepPosition step, GradientExchange exchange, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        var started = Stopwatch.GetTimestamp();
        using var batch = source.Next(step.BatchSize, cancellation);
        var waited = Stopwatch.GetElapsedTime(started);
        return (ComputeGradient(batch, step, exchange), waited);
    }

    /// <inheritdoc/>
    public void Prepare(IBatchSource source, StepPosition next)
    {
        // A batch is read whole, from plain memory.
    }

    /// <inheritdoc/>
    public void Forget()
    {
        // Nothing is prepared.
    }

    /// <inheritdoc/>
    public string DescribeMemory()
    {
        var part = config.MicroBatch > 0 ? Math.Min(config.MicroBatch, config.BatchSize) : config.BatchSize;
        return FormattableString.Invariant(
            $"A step computes {part:N0} of its {config.BatchSize:N0} samples at a time. microBatch={Math.Max(1, part / 2)} is the same step in less memory; so is checkpointBlocks=1. The copy from which checkpoints are written takes {SnapshotBytes / 1e9:0.0} GB of the machine's memory.");
    }

    /// <inheritdoc/>
    public void OnUpdated()
    {
        // Nothing is clamped.
    }

    /// <inheritdoc/>
    public Tensor? LogitFactor() => null;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation) => measure(cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The weights are their creator's.
        GC.SuppressFinalize(this);
    }

    /// <summary>The factor on a parameter's learning rate.</summary>
    protected abstract double RateFactor(Parameter parameter);

    /// <summary>Fills the gradient with that of a batch's loss, without waiting for the device.</summary>
    protected abstract PendingLoss ComputeGradient(Batch batch, StepPosition step, GradientExchange exchange);
}
