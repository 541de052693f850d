namespace Flip.Search;

/// <summary>An image of an index with its vector.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Path">The file that it lies in: its own, or a shard.</param>
/// <param name="Content">Number of what it shows.</param>
/// <param name="Vector">Its embedding as the index holds it, of length 1, <c>[D]</c>.</param>
public sealed record StoredImage(string Key, string Path, long Content, float[] Vector);
