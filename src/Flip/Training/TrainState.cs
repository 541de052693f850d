using System.Text.Json.Serialization;

namespace Flip.Training;

/// <summary>All of a training that is not a tensor. With the weights and moments it continues to the last bit.</summary>
/// <param name="Samples">Samples seen; the data position, the schedule and the masks follow from it.</param>
/// <param name="Steps">Steps made.</param>
/// <param name="Seconds">Seconds spent in training so far, evaluations and checkpoints left out.</param>
/// <param name="SamplesPerEpoch">Size of the data set; a run does not continue on another one. 0 before the first step.</param>
/// <param name="BadSamples">Unreadable samples replaced so far, by cause.</param>
/// <param name="Spikes">What the spike guard remembers; null where there is none.</param>
public sealed record TrainState(
    long Samples, long Steps, double Seconds, long SamplesPerEpoch, IReadOnlyDictionary<string, long> BadSamples,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SpikeHistory? Spikes = null)
{
    /// <summary>Before the first step.</summary>
    public static TrainState Start { get; } = new(0, 0, 0, 0, new Dictionary<string, long>());

    /// <summary>Updates of the weights; fewer than steps where spikes were left out.</summary>
    [JsonIgnore]
    public long Updates => Steps - (Spikes?.SkippedSteps ?? 0);

    /// <summary>Position of the data; beyond the samples seen where rollbacks have passed over some.</summary>
    [JsonIgnore]
    public long DataPosition => Samples + (Spikes?.SkippedSamples ?? 0);
}
