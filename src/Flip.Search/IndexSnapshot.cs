using Flip.Search.Catalog;
using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>One generation of an index, held open until the last of those who read it lets go.</summary>
internal sealed class IndexSnapshot
{
    private readonly long[] _contents;
    private readonly bool _allAlive;
    private int _holders = 1; // the index itself

    private IndexSnapshot(IndexDescription description, CatalogReader catalog, VectorFile? vectors, long[] contents)
    {
        (Description, Catalog, Vectors, _contents) = (description, catalog, vectors, contents);
        _allAlive = vectors?.Count == contents.Length;
    }

    public IndexDescription Description { get; }

    public CatalogReader Catalog { get; }

    /// <summary>Null of an index without images.</summary>
    public VectorFile? Vectors { get; }

    /// <summary>Its contents, in rising order.</summary>
    public IReadOnlyList<long> Contents => _contents;

    /// <summary>Opens a generation, and holds its parts to each other.</summary>
    /// <exception cref="IndexFormatException">A part is not what the description says.</exception>
    public static IndexSnapshot Open(IndexFolder folder, IndexDescription description, CatalogReader catalog, int graphFrom)
    {
        var images = catalog.Count(description.Generation);
        if (images != description.Images)
        {
            throw new IndexFormatException(folder.Catalog, FormattableString.Invariant($"it has {images:N0} images, and {description.Images:N0} are expected"));
        }

        var contents = catalog.Contents(description.Generation);
        var vectors = description.Vectors > 0
            ? VectorFile.Open(folder.Vectors(description), description.Settings.Layout, description.Vectors, graphFrom)
            : null;
        if (Missing(contents, vectors is null ? [] : vectors.Keys) is { } missing)
        {
            vectors?.Dispose();
            throw new IndexFormatException(folder.Vectors(description), $"it has no vector of content {missing}");
        }

        return new IndexSnapshot(description, catalog, vectors, contents);
    }

    /// <summary>The images nearest to a query; null where the catalog has let go of some of this generation.</summary>
    public IReadOnlyList<FoundImage>? Search(ReadOnlySpan<float> query, int top, bool exact)
    {
        if (query.Length != Description.Settings.EmbedDim)
        {
            throw new ArgumentException($"The query has {query.Length} numbers, and embeddings of this index have {Description.Settings.EmbedDim}.", nameof(query));
        }

        var found = Vectors?.Search(query, top, _allAlive ? null : IsAlive, exact) ?? [];
        var images = new List<FoundImage>(top);
        foreach (var (content, cosine) in found)
        {
            var showing = Catalog.OfContent(Description.Generation, content);
            if (showing.Count == 0)
            {
                return null;
            }

            images.AddRange(showing.Take(top - images.Count).Select(image => new FoundImage(image.Key, image.Place, image.Content, cosine)));
            if (images.Count == top)
            {
                break;
            }
        }

        return images;
    }

    /// <summary>Holds it open.</summary>
    /// <returns>False where it is closed already.</returns>
    public bool TryHold()
    {
        for (var holders = Volatile.Read(ref _holders); holders > 0;)
        {
            var before = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (before == holders)
            {
                return true;
            }

            holders = before;
        }

        return false;
    }

    /// <summary>Lets go.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Vectors?.Dispose();
        }
    }

    private bool IsAlive(long content) => Array.BinarySearch(_contents, content) >= 0;

    /// <summary>The first content without a vector; both lists rise.</summary>
    private static long? Missing(long[] contents, ReadOnlySpan<long> keys)
    {
        var at = 0;
        foreach (var content in contents)
        {
            while (at < keys.Length && keys[at] < content)
            {
                at++;
            }

            if (at == keys.Length || keys[at] != content)
            {
                return content;
            }
        }

        return null;
    }
}
