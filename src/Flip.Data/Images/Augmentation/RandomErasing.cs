using Flip.Randomness;

namespace Flip.Data.Images.Augmentation;

/// <summary>
/// Random erasing (arXiv 1708.04896) with timm's figures: with a probability one rectangle of 2 to 33 % of the area, aspect 0.3 to 1 / 0.3, becomes
/// normal noise about the mean colour. timm adds its noise to normalised pixels; here it is rounded to levels and cut off at 0 and 255.
/// </summary>
/// <param name="probability">Probability of a rectangle, in [0, 1].</param>
/// <param name="mean">Mean of pixels in [0, 1], by channel.</param>
/// <param name="deviation">Standard deviation, by channel.</param>
internal sealed class RandomErasing(double probability, float[] mean, float[] deviation)
{
    private const int Tries = 10;
    private const double MinArea = 0.02;
    private const double MaxArea = 1.0 / 3;
    private static readonly double LogAspect = Math.Log(1 / 0.3);

    /// <summary>Changes an image.</summary>
    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="random">Moves on.</param>
    public void Apply(Span<byte> pixels, int width, ref CounterRandom random)
    {
        if (random.NextDouble() >= probability)
        {
            return;
        }

        var height = pixels.Length / 3 / width;
        for (var i = 0; i < Tries; i++)
        {
            var area = random.NextDouble(MinArea, MaxArea) * width * height;
            var aspect = Math.Exp(random.NextDouble(-LogAspect, LogAspect));
            var (h, w) = ((int)Math.Round(Math.Sqrt(area * aspect)), (int)Math.Round(Math.Sqrt(area / aspect)));
            if (h < height && w < width)
            {
                var (top, left) = (random.NextInt(height - h + 1), random.NextInt(width - w + 1));
                for (var y = top; y < top + h; y++)
                {
                    Fill(pixels.Slice(((y * width) + left) * 3, w * 3), ref random);
                }

                return;
            }
        }
    }

    private void Fill(Span<byte> row, ref CounterRandom random)
    {
        for (var i = 0; i < row.Length; i++)
        {
            var level = 255 * (mean[i % 3] + (deviation[i % 3] * random.NextNormal()));
            row[i] = (byte)Math.Clamp(Math.Round(level), 0, 255);
        }
    }
}
