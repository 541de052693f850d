using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>What a <see cref="TrainingLoop"/> trains: weights, the gradient of a step, and the numbers that measure them.</summary>
public interface ITrainee : IDisposable
{
    /// <summary>The weights.</summary>
    FlatParameters Parameters { get; }

    /// <summary>The model that the weights are of.</summary>
    ModelConfig Model { get; }

    /// <summary>Length, batch, optimiser, and what a run leaves on the way.</summary>
    OptimizationConfig Settings { get; }

    /// <summary>The plan for a data set of so many samples.</summary>
    /// <exception cref="ConfigException">The settings make no training of it.</exception>
    TrainingPlan Plan(long samplesPerEpoch);

    /// <summary>A new optimiser of the weights; the caller disposes of it.</summary>
    /// <param name="shards">Which of them this rank updates.</param>
    AdamW CreateOptimizer(ParameterShards shards);

    /// <summary>
    /// Fills the gradient with that of the next batch's loss, without waiting for the device. Where ranks share the batch, this one computes its
    /// <see cref="BatchShare"/>; the loss is its part of the whole, and the gradient is summed where it owns it.
    /// </summary>
    /// <returns>The loss, and the time spent waiting for data. Whoever reads the loss waits for the device; the next call comes after that.</returns>
    (PendingLoss Loss, TimeSpan Waited) ComputeGradient(IBatchSource source, StepPosition step, GradientExchange exchange, CancellationToken cancellation);

    /// <summary>Called while the device still computes a step: what the next one reads may be copied meanwhile.</summary>
    void Prepare(IBatchSource source, StepPosition next);

    /// <summary>Drops what was read and prepared: the next step reads the data elsewhere.</summary>
    void Forget();

    /// <summary>What a step takes of its device's memory, and which settings take less: one sentence or two.</summary>
    string DescribeMemory();

    /// <summary>Called after each update of the weights.</summary>
    void OnUpdated();

    /// <summary>The factor on cosine similarities, one number on the device, for the log; null where there is none.</summary>
    Tensor? LogitFactor();

    /// <summary>Named numbers of the present weights.</summary>
    IReadOnlyDictionary<string, double> Measure(CancellationToken cancellation);
}

/// <summary>Which step it is: all that its draws and schedules depend on.</summary>
/// <param name="Samples">Samples seen before.</param>
/// <param name="Steps">Steps before.</param>
/// <param name="BatchSize">Samples of the step, over all ranks.</param>
/// <param name="ImageMaskRatio">Share of each image's patches that the step removes, [0, 1).</param>
public readonly record struct StepPosition(long Samples, long Steps, int BatchSize, double ImageMaskRatio)
{
    /// <summary>Samples of the data that were passed over before (<see cref="SpikeHistory.SkippedSamples"/>).</summary>
    public long SkippedSamples { get; init; }

    /// <summary>Position of the step's first sample in the data.</summary>
    public long DataPosition => Samples + SkippedSamples;
}
