namespace Flip.Data.Images;

/// <summary>One direction of a resize: a span of the source becomes <paramref name="Output"/> pixels, of which a window is computed.</summary>
/// <param name="Start">Where the span begins, in source pixels; fractions occur where an image was decoded at a part of its size.</param>
/// <param name="Length">Length of the span in source pixels; the kernel reaches no pixel that lies wholly outside.</param>
/// <param name="Output">Pixels the whole span would become.</param>
/// <param name="WindowStart">First output pixel that is wanted.</param>
/// <param name="Window">Output pixels that are wanted.</param>
internal readonly record struct ResampleAxis(double Start, double Length, int Output, int WindowStart, int Window)
{
    /// <summary>First source pixel with a part in the span.</summary>
    public int First => (int)Math.Floor(Start);

    /// <summary>One past the last source pixel with a part in the span.</summary>
    public int End => (int)Math.Ceiling(Start + Length);

    /// <summary>The whole span to <paramref name="output"/> pixels.</summary>
    public static ResampleAxis Of(double start, double length, int output) => new(start, length, output, 0, output);
}
