namespace Flip.Training;

/// <summary>The measurements of a log line: means over the steps since the last one.</summary>
/// <param name="State">After the last step.</param>
/// <param name="TotalSamples">Samples of the whole training.</param>
/// <param name="Loss">Mean loss.</param>
/// <param name="ContrastiveLoss">Mean contrastive part; null for a classifier.</param>
/// <param name="ReconstructionLoss">Mean reconstruction loss; null without a decoder.</param>
/// <param name="LearningRate">Rate of the last step.</param>
/// <param name="GradientNorm">Norm of the last step's gradient, before clipping.</param>
/// <param name="LogitFactor">Factor on cosine similarities in the last step; null for a classifier.</param>
/// <param name="ImageMaskRatio">Share of patches removed in the last step.</param>
/// <param name="SamplesPerSecond">Speed since the last line.</param>
/// <param name="DataWaitShare">Share of that time spent waiting for data, in [0, 1].</param>
public sealed record TrainingProgress(
    TrainState State,
    long TotalSamples,
    double Loss,
    double? ContrastiveLoss,
    double? ReconstructionLoss,
    double LearningRate,
    double GradientNorm,
    double? LogitFactor,
    double ImageMaskRatio,
    double SamplesPerSecond,
    double DataWaitShare)
{
    /// <summary>Unreadable samples so far.</summary>
    public long BadSampleCount => State.BadSamples.Values.Sum();

    /// <summary>Time left at the present speed.</summary>
    public TimeSpan Remaining => TimeSpan.FromSeconds((TotalSamples - State.Samples) / Math.Max(1e-9, SamplesPerSecond));

    /// <summary>As named numbers, for logs.</summary>
    public IReadOnlyDictionary<string, double> Values()
    {
        var values = new Dictionary<string, double>
        {
            ["train/loss"] = Loss,
            ["train/learningRate"] = LearningRate,
            ["train/gradientNorm"] = GradientNorm,
            ["train/imageMaskRatio"] = ImageMaskRatio,
            ["speed/samplesPerSecond"] = SamplesPerSecond,
            ["speed/dataWaitShare"] = DataWaitShare,
            ["data/badSamples"] = BadSampleCount,
        };
        foreach (var (name, value) in new[]
        {
            ("train/contrastiveLoss", ContrastiveLoss), ("train/logitFactor", LogitFactor), ("train/reconstructionLoss", ReconstructionLoss),
        })
        {
            if (value is { } known)
            {
                values[name] = known;
            }
        }

        return values;
    }
}
