namespace Flip.Conversion.Formats;

/// <summary>Attention heads by a tower's width, for weights without a configuration: no tensor shows them.</summary>
internal static class HeadCount
{
    private const int Width = 64;

    /// <summary>Of an image tower: ViT-SO400M, H, g, G and e have 16 wider heads, all others heads of 64.</summary>
    public static int OfImage(int width) => width is 1152 or 1280 or 1408 or 1664 or 1792 ? 16 : Math.Max(1, width / Width);

    /// <summary>Of a text tower: SO400M's has 16 heads of 72, all others heads of 64.</summary>
    public static int OfText(int width) => width == 1152 ? 16 : Math.Max(1, width / Width);

    /// <summary>Where a number comes from, for the user.</summary>
    public static string Origin(int width, int heads) => heads == Math.Max(1, width / Width) ? "width / 64" : $"as published models of width {width} have";
}
