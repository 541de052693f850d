using Flip.Data.Images;

namespace Flip.Ingest.Images;

/// <summary>Which part of an image becomes how large.</summary>
/// <param name="Crop">The part, in stored pixels.</param>
/// <param name="Width">Pixels of a row that it becomes.</param>
/// <param name="Height">Rows that it becomes.</param>
/// <param name="CanvasWidth">Pixels of a row with the border.</param>
/// <param name="CanvasHeight">Rows with the border.</param>
internal readonly record struct ResizePlan(CropBox Crop, int Width, int Height, int CanvasWidth, int CanvasHeight)
{
    /// <summary>Whether the stored pixels are the result.</summary>
    public bool KeepsPixels => (Crop.Width, Crop.Height) == (Width, Height) && (Width, Height) == (CanvasWidth, CanvasHeight);

    /// <summary>How many times the result's size the part is, along the side that shrinks least.</summary>
    public double Times => Math.Min((double)Crop.Width / Width, (double)Crop.Height / Height);

    /// <summary>The plan for an image.</summary>
    /// <param name="width">Width of the image, pixels.</param>
    /// <param name="height">Height of the image, pixels.</param>
    /// <param name="options">What is wanted.</param>
    public static ResizePlan Of(int width, int height, ImagePreparationOptions options)
    {
        var size = options.Size;
        switch (options.Resize)
        {
            case ImageResize.KeepRatio:
                return Scaled(width, height, Math.Min(width, height), options);
            case ImageResize.KeepRatioLargest:
                return Scaled(width, height, Math.Max(width, height), options);
            case ImageResize.Border:
                return Scaled(width, height, Math.Max(width, height), options) with { CanvasWidth = size, CanvasHeight = size };
            case ImageResize.CenterCrop:
                var crop = CropBox.CentralSquare(width, height);
                var side = options.Enlarge ? size : Math.Min(size, crop.Width);
                return new ResizePlan(crop, side, side, side, side);
            default:
                return new ResizePlan(CropBox.Whole(width, height), width, height, width, height);
        }
    }

    private static ResizePlan Scaled(int width, int height, int side, ImagePreparationOptions options)
    {
        var scale = (double)options.Size / side;
        scale = options.Enlarge ? scale : Math.Min(1, scale);
        var (w, h) = (Length(width, scale), Length(height, scale));
        return new ResizePlan(CropBox.Whole(width, height), w, h, w, h);
    }

    private static int Length(int length, double scale) => (int)Math.Clamp(Math.Round(length * scale), 1, int.MaxValue);
}
