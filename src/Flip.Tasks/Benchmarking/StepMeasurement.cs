using Flip.Training;

namespace Flip.Tasks.Benchmarking;

/// <summary>A training step at one mask ratio.</summary>
/// <param name="MaskRatio">Share of patches removed.</param>
/// <param name="Seconds">A step, the median of all rounds.</param>
/// <param name="BestSeconds">The quickest step.</param>
/// <param name="SamplesPerSecond">Pairs per second at the median.</param>
/// <param name="GflopPerPair">Forward and backward pass of a pair by <see cref="Config.ModelCost"/>, billions of operations; of texts what is computed.</param>
/// <param name="GflopPerSecond">The model's operations over the median time; a second forward pass of micro-batches is not counted.</param>
/// <param name="Utilization"><paramref name="GflopPerSecond"/> as a share of the matrix product's ceiling.</param>
/// <param name="RelativeTime">Median time over that of the unmasked step; null where none was measured.</param>
/// <param name="RelativeFlops">Operations over those of the unmasked step; null where none was measured.</param>
/// <param name="MicroBatch">Pairs computed at a time; 0 for all.</param>
/// <param name="Waits">Times that a step waits for the device.</param>
/// <param name="Copies">Copies to the device in a step.</param>
/// <param name="CopiedBytes">Bytes of these copies.</param>
/// <param name="PartSeconds">Time by part, the median of each; they need not add up to <paramref name="Seconds"/> exactly.</param>
public sealed record StepMeasurement(
    double MaskRatio,
    double Seconds,
    double BestSeconds,
    double SamplesPerSecond,
    double GflopPerPair,
    double GflopPerSecond,
    double Utilization,
    double? RelativeTime,
    double? RelativeFlops,
    int MicroBatch,
    long Waits,
    long Copies,
    long CopiedBytes,
    IReadOnlyDictionary<StepPart, double> PartSeconds);
