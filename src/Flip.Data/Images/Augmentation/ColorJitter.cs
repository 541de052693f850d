using Flip.Randomness;

namespace Flip.Data.Images.Augmentation;

/// <summary>
/// Random brightness, contrast, saturation and hue, in a random order, as torchvision's ColorJitter has them, and the removal of colour. Off where the strength and the probability
/// of gray are 0. Not part of the paper; open_clip's switches for it have strength 0.32, probability 0.8 and gray 0.2.
/// </summary>
/// <param name="strength">Brightness, contrast and saturation are multiplied by a factor in [1 - strength, 1 + strength], hue is turned by up to a quarter of it; in [0, 1].</param>
/// <param name="probability">Probability of the jitter, in [0, 1].</param>
/// <param name="grayscale">Probability that the colour is removed, in [0, 1].</param>
internal sealed class ColorJitter(double strength, double probability, double grayscale)
{
    private const double HueShare = 0.25;

    /// <summary>Changes an image.</summary>
    /// <param name="pixels">Red, green, blue, <c>[height, width, 3]</c>.</param>
    /// <param name="random">Moves on, by the same number of draws whatever is done.</param>
    public void Apply(Span<byte> pixels, ref CounterRandom random)
    {
        var isJittered = random.NextDouble() < probability && strength > 0;
        Span<int> order = [0, 1, 2, 3];
        for (var i = order.Length - 1; i > 0; i--)
        {
            var j = random.NextInt(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        var (brightness, contrast, saturation) = (Factor(ref random), Factor(ref random), Factor(ref random));
        var hue = random.NextDouble(-1, 1) * strength * HueShare;
        var isGray = random.NextDouble() < grayscale;
        foreach (var change in isJittered ? order : [])
        {
            switch (change)
            {
                case 0:
                    Enhancement.Brightness(pixels, brightness);
                    break;
                case 1:
                    Enhancement.Contrast(pixels, contrast);
                    break;
                case 2:
                    Enhancement.Color(pixels, saturation);
                    break;
                default:
                    TurnHue(pixels, hue);
                    break;
            }
        }

        if (isGray)
        {
            Enhancement.Color(pixels, 0);
        }
    }

    /// <summary>Turns the hue of all pixels; 1 is a whole turn. Lightest and darkest level of a pixel stay.</summary>
    internal static void TurnHue(Span<byte> pixels, double turn)
    {
        for (var i = 0; i < pixels.Length; i += 3)
        {
            var (r, g, b) = (pixels[i], pixels[i + 1], pixels[i + 2]);
            var (most, least) = (Math.Max(r, Math.Max(g, b)), Math.Min(r, Math.Min(g, b)));
            var chroma = (double)(most - least);
            if (chroma == 0)
            {
                continue;
            }

            var sixths = most == r ? (g - b) / chroma : most == g ? ((b - r) / chroma) + 2 : ((r - g) / chroma) + 4;
            var hue = (sixths / 6) + turn;
            hue = (hue - Math.Floor(hue)) * 6;
            (pixels[i], pixels[i + 1], pixels[i + 2]) = (Level(5, hue), Level(3, hue), Level(1, hue));

            byte Level(int n, double h)
            {
                var k = (n + h) % 6;
                return (byte)Math.Round(most - (chroma * Math.Clamp(Math.Min(k, 4 - k), 0, 1)));
            }
        }
    }

    private float Factor(ref CounterRandom random) => (float)(1 + (strength * random.NextDouble(-1, 1)));
}
