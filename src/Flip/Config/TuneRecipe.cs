namespace Flip.Config;

/// <summary>
/// Unmasked tuning, which closes the gap between masked training and whole images (paper, section 3): after 32 epochs at base
/// rate 4e-6, 0.32 epoch at 4e-8 with a fifth of it as warm-up.
/// </summary>
public static class TuneRecipe
{
    private const double LengthShare = 0.01;
    private const double RateShare = 0.01;
    private const double WarmupPercent = 20;

    /// <summary>The paper's tuning, scaled to the training it follows: no mask, no decoder, a hundredth of the samples at a hundredth of
    /// the rate.</summary>
    /// <param name="trained">The training before.</param>
    /// <param name="length">Another share of its samples.</param>
    /// <param name="rate">Another share of its rate.</param>
    public static FlipConfig After(FlipConfig trained, double length = LengthShare, double rate = RateShare) => WithoutMask(trained) with
    {
        Train = trained.Train with
        {
            BaseLearningRate = trained.Train.BaseLearningRate * rate,
            Samples = Scaled(trained.Train.Samples, length),
            Warmup = Duration.OfPercent(WarmupPercent),
            Cooldown = trained.Train.Cooldown.Unit == DurationUnit.Percent ? trained.Train.Cooldown : Scaled(trained.Train.Cooldown, length),
        },
    };

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
