using Flip.Config;

namespace Flip.Models;

/// <summary>Mean and standard deviation of pixels in [0, 1], by channel RGB.</summary>
public static class PixelStatistics
{
    /// <summary>The constants of a normalisation.</summary>
    public static (float[] Mean, float[] Deviation) Of(PixelNormalization normalization) => normalization switch
    {
        PixelNormalization.ImageNet => ([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]),
        PixelNormalization.Clip => ([0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]),
        _ => ([0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]),
    };
}
