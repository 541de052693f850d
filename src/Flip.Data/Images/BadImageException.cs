namespace Flip.Data.Images;

/// <summary>Bytes that are no usable image. Training skips and counts them by <see cref="BadSampleException.Cause"/>; evaluation stops.</summary>
public sealed class BadImageException(string cause, string detail)
    : BadSampleException(cause, detail.Length == 0 ? cause : $"{cause}: {detail}")
{
    /// <summary>Zero bytes.</summary>
    public const string Empty = "empty file";

    /// <summary>No format that the decoder knows.</summary>
    public const string NotAnImage = "not an image";

    /// <summary>More pixels than the limit.</summary>
    public const string TooLarge = "image too large";

    /// <summary>The data ends before the image does.</summary>
    public const string Truncated = "truncated image";

    /// <summary>The header is well, the pixels are not.</summary>
    public const string Corrupt = "corrupt image";
}
