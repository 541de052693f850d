namespace Flip.Data.Images;

/// <summary>The kernels of the reference implementations. They differ by up to 100 levels on a detailed photo.</summary>
public enum ResampleKernel
{
    /// <summary>Pillow and torchvision: a = -0.5, pixel centres at halves, widened when shrinking (antialias).</summary>
    Antialias,

    /// <summary>Pillow's and torchvision's bilinear, widened when shrinking (antialias).</summary>
    AntialiasBilinear,

    /// <summary>TensorFlow 2 <c>tf.image.resize</c>: a = -0.5, pixel centres at halves, no antialias.</summary>
    TfHalfPixel,

    /// <summary>TensorFlow 1 <c>resize_bicubic</c>: a = -0.75, pixel positions at corners, no antialias, edge pixels repeated.</summary>
    TfCornerAligned,
}
