using Flip.Randomness;

namespace Flip.Data.Images.Augmentation;

/// <summary>
/// RandAugment (arXiv 1909.13719) as timm has it for MAE's fine-tuning, <c>rand-m9-mstd0.5-inc1</c>: some of fifteen operations, drawn with
/// replacement, each made with probability ½ at a normally distributed magnitude; all of them grow with the magnitude.
/// </summary>
/// <param name="operations">Operations drawn for an image.</param>
/// <param name="magnitude">Mean magnitude, 0 to 10.</param>
/// <param name="deviation">Standard deviation of the magnitude, 0 and up.</param>
/// <param name="fill">Colour of what comes from outside the image, three bytes.</param>
internal sealed class RandAugment(int operations, double magnitude, double deviation, byte[] fill)
{
    private const double Most = 10;
    private const double Probability = 0.5;

    /// <summary>The operations.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "autoContrast", "equalize", "invert", "rotate", "posterize", "solarize", "solarizeAdd", "color", "contrast", "brightness", "sharpness",
        "shearX", "shearY", "translateX", "translateY",
    ];

    /// <summary>Changes an image.</summary>
    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="random">Moves on.</param>
    public void Apply(Span<byte> pixels, int width, ref CounterRandom random)
    {
        for (var i = 0; i < operations; i++)
        {
            var name = Names[random.NextInt(Names.Count)];
            if (random.NextDouble() < Probability)
            {
                var drawn = Math.Clamp(magnitude + (deviation * random.NextNormal()), 0, Most);
                Apply(name, Argument(name, drawn / Most, ref random), pixels, width, fill);
            }
        }
    }

    /// <summary>What an operation takes at a level; directions are drawn.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="level">Magnitude as a share of the largest, 0 to 1.</param>
    /// <param name="random">Moves on.</param>
    public static double Argument(string name, double level, ref CounterRandom random) => name switch
    {
        "rotate" => Signed(30 * level, ref random),
        "posterize" => 4 - (int)(4 * level),
        "solarize" => 256 - Math.Min(256, (int)(256 * level)),
        "solarizeAdd" => Math.Min(128, (int)(110 * level)),
        "color" or "contrast" or "brightness" or "sharpness" => Math.Max(0.1, 1 + Signed(0.9 * level, ref random)),
        "shearX" or "shearY" => Signed(0.3 * level, ref random),
        "translateX" or "translateY" => Signed(0.45 * level, ref random),
        _ => 0,
    };

    /// <summary>Makes one operation.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="argument">Degrees, bits, threshold, factor or share, as the operation has it.</param>
    /// <param name="pixels"><c>[height, width, 3]</c>.</param>
    /// <param name="width">Width, pixels.</param>
    /// <param name="fill">Colour of what comes from outside the image.</param>
    public static void Apply(string name, double argument, Span<byte> pixels, int width, ReadOnlySpan<byte> fill)
    {
        switch (name)
        {
            case "autoContrast":
                PixelLevels.AutoContrast(pixels);
                break;
            case "equalize":
                PixelLevels.Equalize(pixels);
                break;
            case "invert":
                PixelLevels.Invert(pixels);
                break;
            case "rotate":
                AffineTransform.Rotate(pixels, width, argument, fill);
                break;
            case "posterize":
                PixelLevels.Posterize(pixels, (int)argument);
                break;
            case "solarize":
                PixelLevels.Solarize(pixels, (int)argument);
                break;
            case "solarizeAdd":
                PixelLevels.SolarizeAdd(pixels, (int)argument);
                break;
            case "color":
                Enhancement.Color(pixels, (float)argument);
                break;
            case "contrast":
                Enhancement.Contrast(pixels, (float)argument);
                break;
            case "brightness":
                Enhancement.Brightness(pixels, (float)argument);
                break;
            case "sharpness":
                Enhancement.Sharpness(pixels, width, (float)argument);
                break;
            case "shearX":
                AffineTransform.ShearX(pixels, width, argument, fill);
                break;
            case "shearY":
                AffineTransform.ShearY(pixels, width, argument, fill);
                break;
            case "translateX":
                AffineTransform.TranslateX(pixels, width, argument, fill);
                break;
            case "translateY":
                AffineTransform.TranslateY(pixels, width, argument, fill);
                break;
            default:
                throw new ArgumentException($"There is no operation '{name}'.", nameof(name));
        }
    }

    private static double Signed(double value, ref CounterRandom random) => random.NextDouble() < 0.5 ? value : -value;
}
