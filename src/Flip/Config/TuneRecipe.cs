namespace Flip.Config;

/// <summary>
/// Unmasked tuning, which closes the gap between masked training and whole images (paper, section 3). The paper's follows 32 epochs of a batch of 64k at base rate 4e-6: 0.32 epoch at 4e-8, a
/// fifth of it as warm-up. In a small training a hundredth of the samples is a handful of steps, which change nothing; longer and at a tenth of the rate it gains what the paper's gains there
/// (docs/results.md, Studies).
/// </summary>
public static class TuneRecipe
{
    private const int LargeBatch = 4096;
    private const double LargeShare = 0.01;
    private const double SmallLength = 0.15;
    private const double SmallRate = 0.1;
    private const double WarmupPercent = 20;

    /// <summary>The tuning that follows a training, without masks and without a decoder: of a batch of 4096 or more a hundredth of its samples at a hundredth of its rate, as in the paper; of a
    /// smaller one 15 % of its samples at a tenth of its rate.</summary>
    /// <param name="trained">The training before.</param>
    /// <param name="length">Another share of its samples.</param>
    /// <param name="rate">Another share of its rate.</param>
    public static FlipConfig After(FlipConfig trained, double? length = null, double? rate = null)
    {
        ArgumentNullException.ThrowIfNull(trained);
        var isLarge = trained.Train.BatchSize >= LargeBatch;
        var lengthShare = length ?? (isLarge ? LargeShare : SmallLength);
        return WithoutMask(trained) with
        {
            Train = trained.Train with
            {
                BaseLearningRate = trained.Train.BaseLearningRate * (rate ?? (isLarge ? LargeShare : SmallRate)),
                Samples = Scaled(trained.Train.Samples, lengthShare),
                Warmup = Duration.OfPercent(WarmupPercent),
                Cooldown = trained.Train.Cooldown.Unit == DurationUnit.Percent ? trained.Train.Cooldown : Scaled(trained.Train.Cooldown, lengthShare),
            },
        };
    }

    /// <summary>The same training on whole images and texts.</summary>
    public static FlipConfig WithoutMask(FlipConfig config) => config with
    {
        Model = config.Model with
        {
            Image = config.Model.Image with { MaskRatio = 0, FinalMaskRatio = null },
            Text = config.Model.Text with { MaskRatio = 0 },
            Reconstruction = config.Model.Reconstruction with { Weight = 0 }, // nothing is removed that could be predicted
        },
    };

    private static Duration Scaled(Duration duration, double share) => duration with { Value = duration.Value * share };
}
