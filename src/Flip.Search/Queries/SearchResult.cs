namespace Flip.Search.Queries;

/// <summary>What was found for a query.</summary>
/// <param name="Query">The text, or the image's name.</param>
/// <param name="IsImage">Whether the query is an image.</param>
/// <param name="Found">Images of the index, the best first.</param>
public sealed record SearchResult(string Query, bool IsImage, IReadOnlyList<FoundImage> Found);
