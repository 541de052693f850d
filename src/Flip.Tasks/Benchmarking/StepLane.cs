using System.Diagnostics;
using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Optim;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Benchmarking;

/// <summary>A training step that was timed.</summary>
/// <param name="Seconds">From before its pairs are taken to after the update.</param>
/// <param name="Flops">Operations of forward and backward pass by <see cref="ModelCost"/>, each text with the tokens that are computed of it.</param>
/// <param name="Traffic">Copies to the device, and waits for it.</param>
internal readonly record struct TimedStep(double Seconds, double Flops, TrafficCount Traffic = default);

/// <summary>Whose steps are timed in turns.</summary>
internal interface IStepLane : IDisposable
{
    /// <summary>Pairs of a step.</summary>
    int BatchSize { get; }

    /// <summary>Pairs computed at a time.</summary>
    int MicroBatch { get; }

    /// <summary>Makes a step and times it.</summary>
    TimedStep Step(CancellationToken cancellation);
}

/// <summary>The training steps of one setting, as a training makes them.</summary>
/// <param name="config">The setting; its image mask is constant.</param>
/// <param name="model">Which may be that of other lanes too.</param>
/// <param name="optimizer">The model's.</param>
/// <param name="microBatch">Pairs computed at a time.</param>
/// <param name="source">The pairs, owned.</param>
internal sealed class StepLane(FlipConfig config, FlipModel model, AdamW optimizer, int microBatch, IBatchSource source) : IStepLane
{
    private readonly PairLayout _layout = new(config.Model, (ulong)config.Train.Seed, model.Parameters.Device);

    public int BatchSize => config.Train.BatchSize;

    public int MicroBatch => microBatch;

    /// <summary>Whether the decoder of removed patches counts as operations.</summary>
    public bool CountsDecoder { get; init; }

    private double MaskRatio => config.Model.Image.MaskRatio;

    public TimedStep Step(CancellationToken cancellation) => Step(null, cancellation);

    /// <summary>Makes a step and times it.</summary>
    /// <param name="clock">Measures its parts, and then the whole as their sum; null for the whole alone.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="NonFiniteLossException">The loss is not finite, so the time would mean nothing.</exception>
    public TimedStep Step(StepClock? clock, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var (started, before) = (Stopwatch.GetTimestamp(), DeviceTraffic.OnThread);
        clock?.Restart();
        using var batch = HeldBatch.Read(source, BatchSize, microBatch, _layout, MaskRatio, clock);
        batch.Cancellation = cancellation;
        using var pending = new TrainingStep(model, config.Train, clock).ComputeGradient(batch);
        var (loss, others) = pending.Read([GradientNorm.On(model.Parameters.Gradient)]);
        if (!double.IsFinite(loss.Loss) || !double.IsFinite(others[0]))
        {
            throw new NonFiniteLossException(0, NonFiniteLossException.Step(loss.Loss, others[0]), null);
        }

        optimizer.Step(config.Train.BaseLearningRate, GradientNorm.Scale(others[0], config.Train.GradientClip));
        model.ClampLogitScale();
        clock?.Lap(StepPart.Update);
        var traffic = DeviceTraffic.OnThread - before;
        DeviceTraffic.Wait(_layout.Device); // of the measurement, not of the step
        return new TimedStep(clock?.Total ?? Stopwatch.GetElapsedTime(started).TotalSeconds, Flops(batch), traffic);
    }

    public void Dispose() => source.Dispose();

    private double Flops(HeldBatch batch) => batch.Parts()
        .SelectMany(part => part.Inputs.Texts.Computed)
        .CountBy(tokens => tokens)
        .Sum(texts => texts.Value * ModelCost.Of(config.Model, textTokens: texts.Key).TrainingFlops)
        + (CountsDecoder ? 3 * BatchSize * ModelCost.OfDecoder(config.Model).ForwardFlops : 0); // the backward pass has two products for each one
}
