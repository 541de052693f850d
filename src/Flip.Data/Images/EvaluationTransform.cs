using Flip.Config;

namespace Flip.Data.Images;

/// <summary>
/// The fixed transform of evaluation, with Pillow's antialiasing kernels or, for official FLIP, TensorFlow's. FLIP: the central square of the whole short side,
/// resized. CLIP: the short side resized to S, then the central square. Squash: the whole image. Safe to call from several threads.
/// </summary>
/// <param name="kind">What of the image is resized.</param>
/// <param name="size">Height and width S of the result, pixels.</param>
/// <param name="interpolation">Kernel of the resize; TensorFlow's has its own.</param>
public sealed class EvaluationTransform(EvalTransform kind, int size, Interpolation interpolation = Interpolation.Bicubic) : IImageTransform
{
    private readonly ResampleKernel _kernel = interpolation == Interpolation.Bicubic ? ResampleKernel.Antialias : ResampleKernel.AntialiasBilinear;

    /// <inheritdoc/>
    public int Size => size;

    /// <summary>The transform of a model.</summary>
    public static EvaluationTransform Of(FlipConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new(config.Eval.Transform, config.Model.Image.ImageSize, config.Eval.Interpolation);
    }

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination) => Apply(encoded, destination);

    /// <summary>Decodes and transforms.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="destination">Receives red, green, blue, <c>[S, S, 3]</c>.</param>
    /// <param name="pixelLimit">Pixels above which an image is refused.</param>
    /// <exception cref="BadImageException">The bytes are no usable image.</exception>
    public void Apply(ReadOnlySpan<byte> encoded, Span<byte> destination, long pixelLimit = ImageDecoder.DefaultPixelLimit)
    {
        using var image = ImageDecoder.Decode(encoded, pixelLimit);
        Apply(image, destination);
    }

    /// <summary>Transforms an image that is decoded already.</summary>
    public void Apply(DecodedImage image, Span<byte> destination)
    {
        if (kind == EvalTransform.FlipTensorFlow)
        {
            ApplyTensorFlow(image, destination);
            return;
        }

        var (columns, rows) = Axes(image.Width, image.Height);
        Resampler.Resize(image, columns, rows, mirror: false, destination, _kernel);
    }

    private void ApplyTensorFlow(DecodedImage image, Span<byte> destination)
    {
        var levels = new float[destination.Length];
        Resampler.Resize(image, CropBox.CentralSquare(image.Width, image.Height), size, ResampleKernel.TfCornerAligned, levels);
        for (var i = 0; i < levels.Length; i++)
        {
            destination[i] = (byte)Math.Clamp(MathF.Round(levels[i]), 0, 255);
        }
    }

    private (ResampleAxis Columns, ResampleAxis Rows) Axes(int width, int height)
    {
        if (kind == EvalTransform.Clip)
        {
            var shortSide = Math.Min(width, height);
            return (ClipAxis(width, shortSide), ClipAxis(height, shortSide));
        }

        var crop = kind == EvalTransform.Squash ? CropBox.Whole(width, height) : CropBox.CentralSquare(width, height);
        return (ResampleAxis.Of(crop.Left, crop.Width, size), ResampleAxis.Of(crop.Top, crop.Height, size));
    }

    /// <summary>The short side becomes S, the long one in proportion, cut to a whole number; of it the central S, half to even.</summary>
    private ResampleAxis ClipAxis(int length, int shortSide)
    {
        var output = (int)((long)size * length / shortSide);
        return new ResampleAxis(0, length, output, (int)Math.Round((output - size) / 2.0), size);
    }
}
