namespace Flip.Search.Catalog;

/// <summary>An image of a catalog.</summary>
/// <param name="Content">What it shows; images of the same bytes have it in common.</param>
/// <param name="Key">Its key.</param>
/// <param name="Place">The file that it lies in.</param>
internal sealed record CatalogImage(long Content, string Key, string Place);
