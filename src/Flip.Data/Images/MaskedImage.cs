using SkiaSharp;

namespace Flip.Data.Images;

/// <summary>Pictures of masked images, as the MAE and FLIP papers show them.</summary>
public static class MaskedImage
{
    private static readonly SKColor Removed = new(0xB8, 0xB8, 0xB8);

    /// <summary>An image with its removed patches gray.</summary>
    /// <param name="rgb">RGB pixels 0..255, <c>[size, size, 3]</c>.</param>
    /// <param name="size">Height and width, pixels.</param>
    /// <param name="patchSize">Height and width of a patch; divides <paramref name="size"/>.</param>
    /// <param name="keptPatches">Indices of the patches kept, row by row.</param>
    /// <returns>A PNG file.</returns>
    /// <exception cref="ArgumentException">Sizes that do not fit together.</exception>
    public static byte[] Render(byte[] rgb, int size, int patchSize, IEnumerable<int> keptPatches)
    {
        ArgumentNullException.ThrowIfNull(rgb);
        ArgumentNullException.ThrowIfNull(keptPatches);
        if (size <= 0 || patchSize <= 0 || size % patchSize != 0 || rgb.Length != size * size * 3)
        {
            throw new ArgumentException($"{rgb.Length} bytes are no {size}×{size} RGB image of {patchSize}×{patchSize} patches.");
        }

        var perSide = size / patchSize;
        var isKept = new bool[perSide * perSide];
        foreach (var patch in keptPatches)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(patch, nameof(keptPatches));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(patch, isKept.Length, nameof(keptPatches));
            isKept[patch] = true;
        }

        var pixels = new SKColor[size * size];
        for (var i = 0; i < pixels.Length; i++)
        {
            var patch = (i / size / patchSize * perSide) + (i % size / patchSize);
            pixels[i] = isKept[patch] ? new SKColor(rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) : Removed;
        }

        using var bitmap = new SKBitmap(size, size, SKColorType.Rgba8888, SKAlphaType.Opaque) { Pixels = pixels };
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
