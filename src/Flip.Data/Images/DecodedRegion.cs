namespace Flip.Data.Images;

/// <summary>Chooses which part of an image is decoded.</summary>
/// <param name="width">Width of the image, pixels.</param>
/// <param name="height">Height of the image, pixels.</param>
/// <returns>A rectangle inside it, and 1, 2, 4 or 8: the fraction of its size at which a JPEG is decoded.</returns>
internal delegate (CropBox Crop, int Reduction) RegionChooser(int width, int height);

/// <summary>A part of an image, decoded at a fraction of its size.</summary>
/// <param name="Image">Rows of whole width.</param>
/// <param name="Top">Row of the whole image with which they begin, in pixels of the reduced size.</param>
/// <param name="Reduction">1, 2, 4 or 8: pixels of the file to one of these.</param>
internal readonly record struct DecodedRegion(DecodedImage Image, int Top, int Reduction) : IDisposable
{
    /// <summary>A span of the file's columns, in columns of <see cref="Image"/>.</summary>
    public ResampleAxis Columns(int start, int length, int output) =>
        ResampleAxis.Of((double)start / Reduction, (double)length / Reduction, output);

    /// <summary>A span of the file's rows, in rows of <see cref="Image"/>.</summary>
    public ResampleAxis Rows(int start, int length, int output) =>
        ResampleAxis.Of(((double)start / Reduction) - Top, (double)length / Reduction, output);

    /// <inheritdoc/>
    public void Dispose() => Image.Dispose();
}
