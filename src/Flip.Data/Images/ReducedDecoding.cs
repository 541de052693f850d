namespace Flip.Data.Images;

/// <summary>At which fraction of its size a JPEG is decoded that becomes smaller anyway.</summary>
internal static class ReducedDecoding
{
    // How many times the result's size a part is that may be decoded at a fraction. At just 2, 4 and 8 times the decoder's own filter would be
    // all there is, and sharp photos differ by a mean of 3.4 to 3.6 levels; from these on, by at most 1.8.
    private static readonly (int Reduction, double Times)[] Reductions = [(8, 16), (4, 6), (2, 2.5)];

    /// <summary>1, 2, 4 or 8.</summary>
    /// <param name="times">How many times the result's size the part is, along the side that shrinks least.</param>
    public static int Of(double times) => Reductions.FirstOrDefault(choice => times >= choice.Times, (1, 1)).Reduction;
}
