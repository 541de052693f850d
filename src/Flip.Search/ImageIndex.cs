using Flip.Data.Images;
using Flip.Search.Catalog;
using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>
/// An index of images, open to be searched: from any number of threads, and while another process changes it. It shows the generation that was published when it was
/// opened, until <see cref="Refresh"/> takes a newer one, or a search finds that two newer ones were published and images of its own are gone.
/// </summary>
public sealed class ImageIndex : IDisposable
{
    private const int Tries = 20; // a writer may remove a file between the look at its name and its opening
    private readonly IndexFolder _folder;
    private readonly CatalogReader _catalog;
    private readonly int _graphFrom;
    private readonly Lock _refreshing = new();
    private IndexSnapshot _snapshot;

    private ImageIndex(IndexFolder folder, int graphFrom)
    {
        (_folder, _graphFrom) = (folder, graphFrom);
        _catalog = new CatalogReader(folder.Catalog);
        try
        {
            _snapshot = OpenSnapshot();
        }
        catch
        {
            _catalog.Dispose();
            throw;
        }
    }

    /// <summary>What the index is.</summary>
    public IndexDescription Description => Volatile.Read(ref _snapshot).Description;

    /// <summary>Opens an index. Its files are checked first: they may be a stranger's.</summary>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="IndexFormatException">It is no index, or a part of it is not what its description says.</exception>
    /// <exception cref="ConfigException">It was begun, and nothing of it is published yet.</exception>
    /// <exception cref="Flip.Io.ForeignEntryException">An entry of it is a link, a pipe or a device.</exception>
    public static ImageIndex Open(string folder) => Open(folder, VectorFile.ExactUpTo);

    /// <inheritdoc cref="Open(string)"/>
    /// <param name="folder">Its folder.</param>
    /// <param name="graphFrom">Vectors above which the graph is used.</param>
    internal static ImageIndex Open(string folder, int graphFrom) => new(new IndexFolder(folder), graphFrom);

    /// <summary>The images whose embeddings are nearest to a query's.</summary>
    /// <param name="query">An embedding of the index's model, of any length but 0, <c>[D]</c>.</param>
    /// <param name="top">How many are given, at most; at least 1.</param>
    /// <param name="exact">Whether all vectors are compared, where the graph would be followed.</param>
    /// <returns>The best first. Images of the same bytes stand together.</returns>
    /// <exception cref="ArgumentException">The query has another number of numbers, or no direction.</exception>
    public IReadOnlyList<FoundImage> Search(ReadOnlySpan<float> query, int top, bool exact = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        while (true)
        {
            var snapshot = Hold();
            try
            {
                if (snapshot.Search(query, top, exact) is { } found)
                {
                    return found;
                }
            }
            finally
            {
                snapshot.Release();
            }

            // It was published twice meanwhile, and images that ended before are gone from the catalog.
            if (!Refresh() && ReferenceEquals(snapshot, Volatile.Read(ref _snapshot)))
            {
                throw new IndexFormatException(_folder.Catalog, "it has no image of a content");
            }
        }
    }

    /// <summary>The thumbnail of a content: a JPEG file whose form was checked, not its pixels. Null where there is none.</summary>
    /// <param name="content">As <see cref="FoundImage.Content"/> has it.</param>
    public byte[]? Thumbnail(long content) => _catalog.Thumbnail(content) is { } jpeg && Flip.Data.Images.Thumbnail.IsJpeg(jpeg) ? jpeg : null;

    /// <summary>The image of a key, or null.</summary>
    public StoredImage? Find(string key)
    {
        var snapshot = Hold();
        try
        {
            return _catalog.OfKey(snapshot.Description.Generation, key) is { } image ? Stored(snapshot, image) : null;
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>All images with their vectors, by rising key, read as they are asked for.</summary>
    /// <exception cref="IOException">The index was published twice meanwhile, and images of this generation are gone.</exception>
    public IEnumerable<StoredImage> Read()
    {
        var snapshot = Hold();
        try
        {
            var read = 0L;
            foreach (var image in _catalog.All(snapshot.Description.Generation))
            {
                yield return Stored(snapshot, image);
                read++;
            }

            if (read != snapshot.Description.Images)
            {
                throw new IOException($"{_folder.Path} was changed while it was read: read it again.");
            }
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>How many of the true nearest neighbours a search finds, by vectors of the index itself.</summary>
    /// <param name="samples">Vectors that are asked for, at most; spread over the index.</param>
    /// <param name="top">Neighbours of each, k.</param>
    /// <param name="cancellation">Stops between two of them.</param>
    /// <exception cref="ConfigException">The index has no images.</exception>
    public IndexRecall Recall(int samples = IndexRecall.DefaultSamples, int top = IndexRecall.DefaultTop, CancellationToken cancellation = default)
    {
        var snapshot = Hold();
        try
        {
            return IndexRecall.Measure(snapshot, samples, top, cancellation);
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <summary>Takes the newest generation that is published. Searches that are under way end on the one before.</summary>
    /// <returns>Whether there was a newer one.</returns>
    /// <exception cref="IndexFormatException">It is damaged; the one before stays.</exception>
    public bool Refresh()
    {
        lock (_refreshing)
        {
            if (IndexDescription.Read(_folder.Path).Generation == Description.Generation)
            {
                return false;
            }

            var opened = OpenSnapshot();
            Interlocked.Exchange(ref _snapshot, opened).Release();
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Volatile.Read(ref _snapshot).Release();
        _catalog.Dispose();
    }

    private static StoredImage Stored(IndexSnapshot snapshot, CatalogImage image)
    {
        var vector = new float[snapshot.Description.Settings.EmbedDim];
        return snapshot.Vectors?.TryGet(image.Content, vector) == true
            ? new StoredImage(image.Key, image.Place, image.Content, vector)
            : throw new IndexFormatException(image.Key, "it has no vector");
    }

    private IndexSnapshot Hold()
    {
        while (true)
        {
            var snapshot = Volatile.Read(ref _snapshot);
            if (snapshot.TryHold())
            {
                return snapshot;
            }

            ObjectDisposedException.ThrowIf(ReferenceEquals(snapshot, Volatile.Read(ref _snapshot)), this);
        }
    }

    private IndexSnapshot OpenSnapshot()
    {
        for (var tried = 1; ; tried++)
        {
            _folder.RequireOwn();
            var description = IndexDescription.Read(_folder.Path);
            if (description.Generation == 0)
            {
                throw new ConfigException($"{_folder.Path} was begun, and holds no images yet: let flip index finish it.");
            }

            try
            {
                return IndexSnapshot.Open(_folder, description, _catalog, _graphFrom);
            }
            catch (Exception e) when (e is IOException or IndexFormatException && tried < Tries && IndexDescription.Read(_folder.Path).Generation != description.Generation)
            {
                // It was published anew meanwhile, and the files of before are gone.
            }
        }
    }
}
