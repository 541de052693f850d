using Flip.Config;

namespace Flip.Training;

/// <summary>Mask ratio over training: constant by default, else linear from the first to the last.</summary>
/// <param name="First">Ratio at the start.</param>
/// <param name="Last">Ratio at the end.</param>
/// <param name="TotalSamples">Samples of the whole training.</param>
public sealed record ImageMaskSchedule(double First, double Last, long TotalSamples)
{
    /// <summary>The schedule of a configuration.</summary>
    public static ImageMaskSchedule Of(ImageConfig image, long totalSamples) =>
        new(image.MaskRatio, image.FinalMaskRatio ?? image.MaskRatio, totalSamples);

    /// <summary>The ratio when <paramref name="samples"/> have been seen.</summary>
    public double At(long samples) =>
        First + ((Last - First) * Math.Clamp((double)samples / Math.Max(1, TotalSamples), 0, 1));
}
