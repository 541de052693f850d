namespace Flip.Ingest.Images;

/// <summary>An image as it goes into a shard.</summary>
/// <param name="Content">The image file; the very bytes that came where nothing had to change.</param>
/// <param name="Extension">Its extension, without the dot: <c>jpg</c>, <c>png</c> or <c>webp</c>.</param>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="OriginalWidth">Pixels of a row before a change of size, the image turned as it is shown.</param>
/// <param name="OriginalHeight">Rows before a change of size.</param>
public sealed record PreparedImage(ReadOnlyMemory<byte> Content, string Extension, int Width, int Height, int OriginalWidth, int OriginalHeight);
