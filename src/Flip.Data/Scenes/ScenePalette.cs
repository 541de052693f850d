using SkiaSharp;

namespace Flip.Data.Scenes;

/// <summary>The colors of the pictures.</summary>
internal static class ScenePalette
{
    // Below this distance in RGB an object is hard to tell from what is behind it; orange at sunset is the closest that stays.
    private const double LeastContrast = 105;

    public static SKColor Of(SceneColor color) => color switch
    {
        SceneColor.Red => new SKColor(222, 38, 42),
        SceneColor.Orange => new SKColor(252, 136, 14),
        SceneColor.Yellow => new SKColor(252, 214, 24),
        SceneColor.Green => new SKColor(38, 156, 70),
        SceneColor.Cyan => new SKColor(0, 192, 208),
        SceneColor.Blue => new SKColor(36, 82, 216),
        SceneColor.Purple => new SKColor(132, 44, 180),
        SceneColor.Pink => new SKColor(248, 112, 180),
        SceneColor.Brown => new SKColor(128, 78, 38),
        _ => new SKColor(28, 28, 32),
    };

    /// <summary>Upper and lower end of a background; equal where it is plain.</summary>
    public static (SKColor Top, SKColor Bottom) Of(SceneBackground background) => background switch
    {
        SceneBackground.White => (new SKColor(255, 255, 255), new SKColor(255, 255, 255)),
        SceneBackground.Gray => (new SKColor(192, 194, 198), new SKColor(192, 194, 198)),
        SceneBackground.Cream => (new SKColor(250, 240, 214), new SKColor(250, 240, 214)),
        SceneBackground.Night => (new SKColor(18, 20, 48), new SKColor(52, 46, 92)),
        SceneBackground.Sky => (new SKColor(156, 206, 248), new SKColor(236, 248, 255)),
        SceneBackground.Sunset => (new SKColor(255, 212, 158), new SKColor(232, 178, 206)),
        SceneBackground.Sand => (new SKColor(226, 206, 166), new SKColor(226, 206, 166)),
        _ => (new SKColor(206, 208, 204), new SKColor(206, 208, 204)),
    };

    /// <summary>Largest change of a level by grain.</summary>
    public static int Grain(SceneBackground background) => background is SceneBackground.Sand or SceneBackground.Grain ? 18 : 0;

    /// <summary>Whether an object of this color stands out.</summary>
    public static bool Contrasts(SceneColor color, SceneBackground background)
    {
        var (top, bottom) = Of(background);
        return Math.Min(Distance(Of(color), top), Distance(Of(color), bottom)) >= LeastContrast;
    }

    /// <summary>A color moved towards another; 0 is the first, 1 the second.</summary>
    public static SKColor Mix(SKColor from, SKColor to, double share) => new(
        (byte)(from.Red + ((to.Red - from.Red) * share)),
        (byte)(from.Green + ((to.Green - from.Green) * share)),
        (byte)(from.Blue + ((to.Blue - from.Blue) * share)));

    private static double Distance(SKColor a, SKColor b) =>
        Math.Sqrt(Math.Pow(a.Red - b.Red, 2) + Math.Pow(a.Green - b.Green, 2) + Math.Pow(a.Blue - b.Blue, 2));
}
