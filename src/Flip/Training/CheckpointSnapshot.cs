using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// All that a checkpoint holds, copied into memory of the processor, so that it can be written while the training goes on. The memory is taken once and
/// used again for the next checkpoint.
/// </summary>
public sealed class CheckpointSnapshot : IDisposable
{
    private readonly Dictionary<CheckpointPart, Tensor> _tensors;

    /// <summary>Memory for a training's checkpoints; not filled yet.</summary>
    /// <param name="parameters">Names, shapes and places of the weights; the tensors themselves are not read.</param>
    /// <param name="hasAverage">Whether a moving average of weights is kept.</param>
    public CheckpointSnapshot(FlatParameters parameters, bool hasAverage)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = parameters;
        _tensors = Parts(hasAverage).ToDictionary(part => part, _ => empty(parameters.Count, ScalarType.Float32, CPU).DetachFromDisposeScope());
    }

    /// <summary>Where the training was.</summary>
    public TrainState State { get; private set; } = TrainState.Start;

    /// <summary>Bytes of memory that a snapshot takes.</summary>
    public long Bytes => _tensors.Count * Parameters.Count * sizeof(float);

    /// <summary>Names, shapes and places of the weights.</summary>
    internal FlatParameters Parameters { get; }

    /// <summary>A copy, <c>[parameters]</c>, fp32; null for the average where none is kept.</summary>
    internal Tensor? this[CheckpointPart part] => _tensors.GetValueOrDefault(part);

    /// <summary>The tensors of a training's checkpoint.</summary>
    /// <param name="hasAverage">Whether a moving average of weights is kept.</param>
    public static IReadOnlyList<CheckpointPart> Parts(bool hasAverage) =>
        [.. Enum.GetValues<CheckpointPart>().Where(part => hasAverage || part != CheckpointPart.Average)];

    /// <summary>Copies a training's tensors; waits for their device.</summary>
    /// <param name="state">Where the training is.</param>
    /// <param name="whole">A tensor of the training by its part, <c>[parameters]</c>, fp32, on any device. It stays the caller's.</param>
    public void Fill(TrainState state, Func<CheckpointPart, Tensor> whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        Fill(state, (part, target) => DeviceTraffic.ReadInto(whole(part), target));
    }

    /// <summary>Lets the caller write into the copies, for tensors that lie in pieces.</summary>
    /// <param name="state">Where the training is.</param>
    /// <param name="copy">Called for each part in turn, with a tensor <c>[parameters]</c>, fp32, on the processor, to be filled whole.</param>
    public void Fill(TrainState state, Action<CheckpointPart, Tensor> copy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(copy);
        foreach (var (part, target) in _tensors)
        {
            copy(part, target);
        }

        State = state;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
