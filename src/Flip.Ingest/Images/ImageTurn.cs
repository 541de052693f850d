using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Ingest.Images;

/// <summary>Turns pixels as EXIF's orientation says that they are shown.</summary>
internal static class ImageTurn
{
    /// <summary>Whether rows become columns.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    /// <summary>Draws stored pixels as they are shown, in the middle of a canvas.</summary>
    /// <param name="rgb">Red, green, blue, <c>[Height, Width, 3]</c> of the plan.</param>
    /// <param name="plan">The sizes, as stored.</param>
    /// <param name="origin">Where the first stored pixel is shown.</param>
    /// <param name="canvas">Receives red, green, blue and a byte that stays, <c>[height, width, 4]</c>.</param>
    /// <param name="width">Pixels of the canvas's rows, as shown.</param>
    public static void Draw(ReadOnlySpan<byte> rgb, ResizePlan plan, SKEncodedOrigin origin, Span<byte> canvas, int width)
    {
        var (shownWidth, shownHeight) = SwapsSides(origin) ? (plan.Height, plan.Width) : (plan.Width, plan.Height);
        var (left, top) = SwapsSides(origin)
            ? ((plan.CanvasHeight - plan.Height) / 2, (plan.CanvasWidth - plan.Width) / 2)
            : ((plan.CanvasWidth - plan.Width) / 2, (plan.CanvasHeight - plan.Height) / 2);

        // Where the first stored pixel is shown, and how far it is from there to that of the next column and of the next row.
        var (x, y, column, row) = origin switch
        {
            SKEncodedOrigin.TopRight => (shownWidth - 1, 0, -1, width),
            SKEncodedOrigin.BottomRight => (shownWidth - 1, shownHeight - 1, -1, -width),
            SKEncodedOrigin.BottomLeft => (0, shownHeight - 1, 1, -width),
            SKEncodedOrigin.LeftTop => (0, 0, width, 1),
            SKEncodedOrigin.RightTop => (shownWidth - 1, 0, width, -1),
            SKEncodedOrigin.RightBottom => (shownWidth - 1, shownHeight - 1, -width, -1),
            SKEncodedOrigin.LeftBottom => (0, shownHeight - 1, -width, 1),
            _ => (0, 0, 1, width),
        };
        var first = ((top + y) * width) + left + x;
        for (var storedRow = 0; storedRow < plan.Height; storedRow++)
        {
            var place = first + (storedRow * row);
            var source = rgb.Slice(storedRow * plan.Width * 3, plan.Width * 3);
            for (var at = 0; at < source.Length; at += 3)
            {
                var pixel = canvas.Slice(place * DecodedImage.PixelBytes, 3);
                (pixel[0], pixel[1], pixel[2]) = (source[at], source[at + 1], source[at + 2]);
                place += column;
            }
        }
    }
}
