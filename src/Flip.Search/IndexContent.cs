namespace Flip.Search;

/// <summary>What an image shows, as it is put into an index.</summary>
/// <param name="Hash">BLAKE3 of the image file's bytes, 64 hexadecimal digits.</param>
/// <param name="Vector">Its embedding, of length 1, <c>[D]</c>.</param>
/// <param name="Thumbnail">A JPEG file, or null.</param>
public sealed record IndexContent(string Hash, ReadOnlyMemory<float> Vector, byte[]? Thumbnail = null);
