namespace Flip.Progress;

/// <summary>Where a training is.</summary>
/// <param name="Stage">What is being done, one or two words.</param>
/// <param name="Samples">Samples seen.</param>
/// <param name="TotalSamples">Samples of the whole training.</param>
/// <param name="Loss">Mean loss since the last report.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="SamplesPerSecond">Speed since the last report.</param>
/// <param name="DataWaitShare">Share of the time since the last report spent waiting for data, 0..1.</param>
/// <param name="Remaining">Expected time left.</param>
public sealed record TrainProgress(
    string Stage,
    long Samples,
    long TotalSamples,
    double Loss,
    double LearningRate,
    double SamplesPerSecond,
    double DataWaitShare,
    TimeSpan Remaining);
