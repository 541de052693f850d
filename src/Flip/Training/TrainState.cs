namespace Flip.Training;

/// <summary>All of a training that is not a tensor. With the weights and moments it continues to the last bit.</summary>
/// <param name="Samples">Samples seen; the data position, the schedule and the masks follow from it.</param>
/// <param name="Steps">Optimiser updates made.</param>
/// <param name="Seconds">Seconds spent in training so far, evaluations and checkpoints left out.</param>
/// <param name="SamplesPerEpoch">Size of the data set; a run does not continue on another one. 0 before the first step.</param>
/// <param name="BadSamples">Unreadable samples replaced so far, by cause.</param>
public sealed record TrainState(
    long Samples, long Steps, double Seconds, long SamplesPerEpoch, IReadOnlyDictionary<string, long> BadSamples)
{
    /// <summary>Before the first step.</summary>
    public static TrainState Start { get; } = new(0, 0, 0, 0, new Dictionary<string, long>());
}
