using SkiaSharp;

namespace Flip.Data.Images;

/// <summary>What an image file says of itself before its pixels.</summary>
/// <param name="Width">Columns as they are stored.</param>
/// <param name="Height">Rows as they are stored.</param>
/// <param name="Format">The format.</param>
/// <param name="Origin">Which corner is stored first (EXIF's orientation).</param>
internal readonly record struct ImageHeader(int Width, int Height, SKEncodedImageFormat Format, SKEncodedOrigin Origin);
