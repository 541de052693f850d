namespace Flip.Config;

/// <summary>The hidden width of an MLP.</summary>
public static class MlpWidth
{
    private const double RoundingError = 1e-6; // a ratio such as 4304 / 1152 comes back a little below the whole number

    /// <summary>The whole part of width times ratio.</summary>
    public static long Of(long width, double ratio) => (long)((width * ratio) + RoundingError);
}
