using Flip.Io;
using Flip.Search.Catalog;
using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>
/// A change of an index, by one process at a time. Contents are kept as they come: a change that was killed is begun again, and finds them. Images are seen by
/// readers when the change is published, all at once; without that nothing happened to them.
/// </summary>
public sealed class IndexUpdate : IDisposable
{
    private const int DeadShare = 5; // a graph of which a fifth leads to vectors that are gone is made anew

    private readonly IndexFolder _folder;
    private readonly FolderLock _lock;
    private readonly CatalogWriter _catalog;
    private readonly PendingVectors _pending;
    private readonly VectorFile? _published;
    private IndexDescription _description;
    private long _last;
    private (long Added, long Replaced, long Removed, long Kept) _counts;
    private bool _hasImages;

    private IndexUpdate(IndexFolder folder, FolderLock held, IndexDescription description)
    {
        (_folder, _lock, _description) = (folder, held, description);
        _catalog = new CatalogWriter(folder.Catalog);
        try
        {
            _catalog.Undo(description.Generation);
            _published = description.Vectors > 0 ? VectorFile.Open(folder.Vectors(description), description.Settings.Layout, description.Vectors, int.MaxValue) : null;
            if (_catalog.LastContent() <= description.LastContent)
            {
                File.Delete(folder.Pending); // all that it may hold was published
            }

            _pending = new PendingVectors(folder.Pending, description.Settings.EmbedDim);
            _catalog.Forget([.. _catalog.ContentsBehind(description.LastContent).Where(content => !HasVector(content))]);
            _last = Math.Max(description.LastContent, _catalog.LastContent());
        }
        catch
        {
            _pending?.Dispose();
            _published?.Dispose();
            _catalog.Dispose();
            throw;
        }
    }

    /// <summary>What the index was made as.</summary>
    public IndexSettings Settings => _description.Settings;

    /// <summary>Images of the published index.</summary>
    public long Images => _description.Images;

    /// <summary>Whether no image was put in this change.</summary>
    internal bool IsEmpty => _counts is { Added: 0, Replaced: 0, Kept: 0 };

    /// <summary>Contents that were ever given a vector: masks of images depend on how many came before.</summary>
    internal long Last => _last;

    /// <summary>The number of the generation in the making.</summary>
    private int Next => _description.Generation + 1;

    /// <summary>Begins a change; of an index that is not there, the index.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="settings">What it is to be made as. One that is there has to be the same; where its model lies is taken anew.</param>
    /// <exception cref="ConfigException">The index is another model's, or was made otherwise, or the folder holds something else.</exception>
    /// <exception cref="FolderInUseException">Another process changes it.</exception>
    /// <exception cref="IndexFormatException">It is damaged.</exception>
    public static IndexUpdate Begin(string folder, IndexSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Problems() is { Count: > 0 } problems)
        {
            throw new ConfigException(problems);
        }

        var files = new IndexFolder(folder);
        files.RequireNothingElse();
        return Begin(files, () => files.Exists ? Same(IndexDescription.Read(files.Path), settings, files.Path) : IndexDescription.Of(settings));
    }

    /// <summary>Begins a change of an index that is there.</summary>
    /// <inheritdoc cref="Begin(string, IndexSettings)"/>
    public static IndexUpdate Begin(string folder)
    {
        IndexDescription.Read(folder); // nothing is made where there is no index
        var files = new IndexFolder(folder);
        return Begin(files, () => IndexDescription.Read(files.Path));
    }

    /// <summary>The number of a content that the index has a vector of, published or not; null else.</summary>
    /// <param name="hash">BLAKE3 of an image file's bytes, 64 hexadecimal digits.</param>
    public long? Find(string hash) => _catalog.Find(Convert.FromHexString(hash)) is { } content && HasVector(content) ? content : null;

    /// <summary>Keeps contents; they stay, whatever becomes of this change.</summary>
    /// <param name="contents">Contents, none of which the index has.</param>
    /// <returns>Their numbers.</returns>
    /// <exception cref="ArgumentException">A vector has another number of numbers, or a thumbnail is too large.</exception>
    public IReadOnlyList<long> Add(IReadOnlyList<IndexContent> contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        var dim = Settings.EmbedDim;
        var vectors = new float[contents.Count * dim];
        foreach (var (i, content) in contents.Index())
        {
            if (content.Vector.Length != dim || content.Thumbnail?.Length > CatalogDatabase.LongestPicture)
            {
                throw new ArgumentException($"A content has a vector of {content.Vector.Length} numbers, {dim} are expected, or a thumbnail of more than {CatalogDatabase.LongestPicture} bytes.", nameof(contents));
            }

            content.Vector.Span.CopyTo(vectors.AsSpan(i * dim));
        }

        long[] numbers = [.. Enumerable.Range(1, contents.Count).Select(i => _last + i)];
        _pending.Append(numbers, vectors); // first: a content that is committed has its vector
        _catalog.Add(contents.Zip(numbers, (content, number) => (number, Convert.FromHexString(content.Hash), content.Thumbnail)));
        _last += contents.Count;
        return numbers;
    }

    /// <summary>Puts an image into the index that is to be published.</summary>
    /// <param name="key">Its key, which no other image has.</param>
    /// <param name="path">The file that it lies in.</param>
    /// <param name="content">The number of what it shows.</param>
    /// <returns>Whether its key is the first of its kind in this change; else it is left out.</returns>
    /// <exception cref="ArgumentException">The key is empty, or a text is too long.</exception>
    public bool Put(string key, string path, long content)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(path);
        if ((TextProblem(key) ?? TextProblem(path)) is { } problem)
        {
            throw new ArgumentException(problem, nameof(key));
        }

        BeginImages();
        var result = _catalog.Put(Next, new CatalogImage(content, key, path));
        _counts = result switch
        {
            PutResult.Added => _counts with { Added = _counts.Added + 1 },
            PutResult.Replaced => _counts with { Replaced = _counts.Replaced + 1 },
            PutResult.Kept => _counts with { Kept = _counts.Kept + 1 },
            _ => _counts,
        };
        return result != PutResult.Repeated;
    }

    /// <summary>Takes an image from the index that is to be published.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(string key)
    {
        BeginImages();
        var removed = _catalog.Remove(Next, key);
        _counts.Removed += removed ? 1 : 0;
        return removed;
    }

    /// <summary>Takes all images from it that were not put in this change.</summary>
    public void RemoveOthers()
    {
        BeginImages();
        _counts.Removed += _catalog.RemoveOthers(Next);
    }

    /// <summary>Publishes the change: readers see all of it, or, if the process ends before, nothing.</summary>
    /// <param name="report">Receives (vectors done, vectors) while the graph is made, from any thread.</param>
    /// <param name="cancellation">Stops the making of the graph; nothing is published then.</param>
    /// <exception cref="ConfigException">The memory of the machine does not suffice for the graph.</exception>
    public IndexChanges Publish(Action<long, long>? report = null, CancellationToken cancellation = default)
    {
        BeginImages();
        if (_counts is { Added: 0, Replaced: 0, Removed: 0 } && _description.Generation > 0)
        {
            var changes = new IndexChanges(0, 0, 0, _counts.Kept, _description.Images, _catalog.Contents().Count, Rebuilt: false);
            _catalog.Commit(); // an image may have another place
            return changes;
        }

        var (contents, images) = (_catalog.Contents(), _catalog.Count());
        _catalog.Commit();
        var (next, rebuilt) = WriteVectors(contents, report, cancellation);
        _description = next with { Generation = Next, Images = images, LastContent = _last };
        _description.Write(_folder.Path);
        _catalog.Sweep(_description.Generation);
        return new IndexChanges(_counts.Added, _counts.Replaced, _counts.Removed, _counts.Kept, images, contents.Count, rebuilt);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _catalog.Dispose();
        _published?.Dispose();
        _pending.Dispose();
        if (_last == _description.LastContent)
        {
            File.Delete(_folder.Pending);
        }

        _folder.DeleteOthers(_description);
        _lock.Dispose();
    }

    private static IndexUpdate Begin(IndexFolder folder, Func<IndexDescription> describe)
    {
        FolderSync.Create(folder.Path);
        var held = FolderLock.Take(folder.Path);
        try
        {
            folder.RequireOwn();
            folder.DeleteLeftovers();
            var description = describe();
            if (!File.Exists(folder.Catalog))
            {
                CatalogDatabase.Create(folder.Catalog);
            }

            description.Write(folder.Path);
            folder.DeleteOthers(description);
            return new IndexUpdate(folder, held, description);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static IndexDescription Same(IndexDescription there, IndexSettings settings, string folder)
    {
        if (there.Settings.Model.DifferencesFrom(settings.Model) is { Count: > 0 } others)
        {
            throw new ConfigException($"{folder} is another model's: {string.Join("; ", others)}. Name another folder.");
        }

        return there.Settings.DifferencesFrom(settings) is { Count: > 0 } differences
            ? throw new ConfigException($"{folder} was made otherwise: {string.Join("; ", differences)}. An index keeps what it was begun with; name another folder.")
            : there with { Settings = settings };
    }

    /// <summary>Why a text is no key or path that is kept; null where it is one.</summary>
    internal static string? TextProblem(string text) => text.Length > CatalogDatabase.LongestText ? $"A key or path has {text.Length} characters, and at most {CatalogDatabase.LongestText} are kept."
        : text.Contains('\0', StringComparison.Ordinal) ? "A key or path has a zero character."
        : null;

    /// <summary>A content whose images are gone stays for readers of the generation before, and its vector may be in no file by now.</summary>
    private bool HasVector(long content) => _pending.Has(content) || _published?.Has(content) == true;

    private void BeginImages()
    {
        if (!_hasImages)
        {
            _catalog.Begin();
            _hasImages = true;
        }
    }

    /// <summary>Grows the published file of vectors, or makes it anew where too much of it is dead; one that has all stays.</summary>
    private (IndexDescription Description, bool Rebuilt) WriteVectors(IReadOnlyList<long> contents, Action<long, long>? report, CancellationToken cancellation)
    {
        var there = _published is null ? [] : _published.Keys.ToArray().ToHashSet();
        var added = contents.Where(content => !there.Contains(content)).ToList();
        var dead = there.Count - (contents.Count - added.Count);
        var rebuild = (long)dead * DeadShare > there.Count;
        if (contents.Count == 0)
        {
            return (_description with { Vectors = 0, VectorsOf = Next }, dead > 0);
        }

        if (added.Count == 0 && !rebuild)
        {
            return (_description, false);
        }

        var keys = rebuild ? contents : added;
        var path = _folder.Vectors(_description with { VectorsOf = Next });
        new GraphWriter(Settings.Layout).Write(path, rebuild ? null : _published, keys, Read, done => report?.Invoke(done, keys.Count), cancellation);
        return (_description with { Vectors = keys.Count + (rebuild ? 0 : there.Count), VectorsOf = Next }, rebuild && there.Count > 0);
    }

    private bool Read(long content, Span<byte> raw, Span<float> floats)
    {
        if (_published is not null && _published.Raw(content) is { IsEmpty: false } bytes)
        {
            bytes.CopyTo(raw);
            return true;
        }

        _pending.Read(content, floats);
        return false;
    }
}
