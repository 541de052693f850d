namespace Flip.Search;

/// <summary>An image that was found.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Path">The file that it lies in: its own, or a shard.</param>
/// <param name="Content">Number of what it shows, by which its thumbnail is asked for; images of the same bytes have it in common.</param>
/// <param name="Cosine">Cosine similarity to the query, -1 to 1.</param>
public sealed record FoundImage(string Key, string Path, long Content, double Cosine);
