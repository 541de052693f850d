namespace Flip.Config;

/// <summary>What a mask ratio means in whole patches or tokens.</summary>
public static class MaskRatio
{
    /// <summary>How many of <paramref name="count"/> are kept: ⌊count · (1 − ratio)⌋ in double, as the official code; of 10 at 0.9, none.</summary>
    /// <param name="count">Patches of an image, or tokens of a row.</param>
    /// <param name="ratio">Share removed, in [0, 1).</param>
    public static int Kept(int count, double ratio) => (int)(count * (1 - ratio));
}
