using Flip.Randomness;

namespace Flip.Data.Images;

/// <summary>A rectangle of whole pixels inside an image.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
public readonly record struct CropBox(int Left, int Top, int Width, int Height)
{
    // REFERENCE values of FLIP's training crop: aspect between 3/4 and 4/3, ten tries.
    private const int Tries = 10;
    private static readonly double LogAspect = Math.Log(4.0 / 3);

    /// <summary>The whole of an image.</summary>
    public static CropBox Whole(int width, int height) => new(0, 0, width, height);

    /// <summary>The central square of the whole short side; an odd remainder is rounded up, as official FLIP does
    /// (torchvision rounds to even).</summary>
    public static CropBox CentralSquare(int width, int height) => CentralSquare(width, height, Math.Min(width, height));

    /// <summary>
    /// The random crop of training: a share of the area from U(<paramref name="minArea"/>, 1), an aspect (width / height) whose
    /// logarithm is uniform in ±ln 4/3, a uniform place. After ten tries that do not fit into the image, the central square of
    /// 224/(224+32) of the short side.
    /// </summary>
    /// <param name="width">Width of the image, pixels.</param>
    /// <param name="height">Height of the image, pixels.</param>
    /// <param name="minArea">Smallest share of the area, in (0, 1].</param>
    /// <param name="random">Source of the numbers; it moves on.</param>
    /// <param name="wholeWhereNoneFits">After ten tries takes as much of the middle as has an aspect within the bounds instead, as torchvision does.</param>
    public static CropBox Random(int width, int height, double minArea, ref CounterRandom random, bool wholeWhereNoneFits = false)
    {
        for (var i = 0; i < Tries; i++)
        {
            var area = random.NextDouble(minArea, 1) * width * height;
            var aspect = Math.Exp(random.NextDouble(-LogAspect, LogAspect));
            var w = (int)Math.Round(Math.Sqrt(area * aspect));
            var h = (int)Math.Round(Math.Sqrt(area / aspect));
            if (w > 0 && w <= width && h > 0 && h <= height)
            {
                return new CropBox(random.NextInt(width - w + 1), random.NextInt(height - h + 1), w, h);
            }
        }

        if (wholeWhereNoneFits)
        {
            var longest = Math.Exp(LogAspect);
            var (w, h) = (Math.Min(width, (int)Math.Round(height * longest)), Math.Min(height, (int)Math.Round(width * longest)));
            return new CropBox((width - w) / 2, (height - h) / 2, w, h);
        }

        var side = Math.Max(1, (int)(Math.Min(width, height) * (224.0 / (224 + 32))));
        return CentralSquare(width, height, side);
    }

    private static CropBox CentralSquare(int width, int height, int side) =>
        new((width - side + 1) / 2, (height - side + 1) / 2, side, side);
}
