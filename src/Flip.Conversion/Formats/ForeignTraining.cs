using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>The training that a foreign model is taken to have had, which its files do not tell: what `flip tune` scales down.</summary>
internal static class ForeignTraining
{
    /// <summary>Tuning by <see cref="TuneRecipe"/> becomes one and a half epochs at a base rate of 5e-6, careful enough for small data sets.</summary>
    public static TrainConfig Recipe { get; } = new()
    {
        Samples = Duration.OfEpochs(10),
        BatchSize = 256,
        BaseLearningRate = 5e-5,
        Warmup = Duration.OfPercent(10),
    };
}
