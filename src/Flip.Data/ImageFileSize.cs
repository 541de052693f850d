namespace Flip.Data;

/// <summary>How long an image file may be.</summary>
internal static class ImageFileSize
{
    /// <summary>Bytes of the longest: 256 MiB.</summary>
    public const int Most = 256 << 20;

    /// <summary>Refuses an image file by its length, bytes.</summary>
    /// <exception cref="BadSampleException">Empty, or above <see cref="Most"/>.</exception>
    public static void Check(long length)
    {
        if (length is 0 or > Most)
        {
            throw length == 0
                ? new BadSampleException("empty image", "an image file of 0 bytes")
                : new BadSampleException("image file too large", $"an image file of {length} bytes (at most {Most})");
        }
    }
}
