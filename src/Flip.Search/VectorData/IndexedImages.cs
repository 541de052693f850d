using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Flip.Data;
using Flip.Search.Queries;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Flip.Search.VectorData;

/// <summary>
/// An index as a collection of Microsoft.Extensions.VectorData. It is searched by vectors, and with an encoder by words (<see cref="string"/>) and by image files
/// (bytes). A change publishes the index anew, so many records at once are far cheaper than one by one.
/// </summary>
/// <param name="folder">The index.</param>
/// <param name="settings">What an index is made as where there is none; null to make none.</param>
/// <param name="encoder">Embeds words and images; null to search by vectors alone. It is used by one thread at a time, and not disposed of.</param>
public sealed class IndexedImages(string folder, IndexSettings? settings = null, QueryEncoder? encoder = null) : VectorStoreCollection<string, ImageRecord>
{
    private const string SystemName = "flip";
    private const int LongestScan = 1 << 20; // images that a filter is tried on in a search

    private readonly Lock _encoding = new();
    private readonly Lock _opening = new();
    private ImageIndex? _index;

    /// <inheritdoc/>
    public override string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <inheritdoc/>
    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(new IndexFolder(folder).Exists);

    /// <inheritdoc/>
    public override Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default)
    {
        if (!new IndexFolder(folder).Exists || IndexDescription.Read(folder).Generation == 0)
        {
            using var update = Begin();
            update.Publish(cancellation: cancellationToken);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        lock (_opening)
        {
            _index?.Dispose();
            _index = null;
            new IndexFolder(folder).Delete();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<ImageRecord?> GetAsync(string key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(Index().Find(key) is { } image ? Record(image, options?.IncludeVectors ?? false) : null);

    /// <inheritdoc/>
    /// <remarks>Goes through all images, by rising key.</remarks>
    /// <exception cref="NotSupportedException">Another order is asked for.</exception>
    public override async IAsyncEnumerable<ImageRecord> GetAsync(
        Expression<Func<ImageRecord, bool>> filter,
        int top,
        FilteredRecordRetrievalOptions<ImageRecord>? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (options?.OrderBy is not null)
        {
            throw new NotSupportedException("Images come by rising key, in no other order.");
        }

        await Task.CompletedTask;
        var fits = filter.Compile();
        foreach (var record in Index().Read().Select(image => Record(image, withVector: true)).Where(fits).Skip(options?.Skip ?? 0).Take(top))
        {
            cancellationToken.ThrowIfCancellationRequested();
            record.Vector = options?.IncludeVectors == true ? record.Vector : null;
            yield return record;
        }
    }

    /// <inheritdoc/>
    public override Task UpsertAsync(ImageRecord record, CancellationToken cancellationToken = default) => UpsertAsync([record], cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A record has no vector, or one of another length.</exception>
    public override Task UpsertAsync(IEnumerable<ImageRecord> records, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        using var update = Begin();
        var put = records.ToList();
        var known = new Dictionary<string, long>(StringComparer.Ordinal);
        var added = new List<IndexContent>();
        var hashes = put.ConvertAll(record =>
        {
            var vector = record.Vector ?? throw new ArgumentException($"The record '{record.Key}' has no vector.", nameof(records));
            var hash = ContentHashes.Of(MemoryMarshal.AsBytes(vector.Span)); // of an image that nobody has, what it is known by
            if (update.Find(hash) is { } number)
            {
                known[hash] = number;
            }
            else if (known.TryAdd(hash, 0))
            {
                added.Add(new IndexContent(hash, vector));
            }

            return hash;
        });
        foreach (var (content, number) in added.Zip(update.Add(added)))
        {
            known[content.Hash] = number;
        }

        foreach (var (record, hash) in put.Zip(hashes))
        {
            update.Put(record.Key, record.Path, known[hash]);
        }

        update.Publish(cancellation: cancellationToken);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(string key, CancellationToken cancellationToken = default) => DeleteAsync([key], cancellationToken);

    /// <inheritdoc/>
    public override Task DeleteAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        using var update = Begin();
        foreach (var key in keys)
        {
            update.Remove(key);
        }

        update.Publish(cancellation: cancellationToken);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The query is of a kind that is not searched by.</exception>
    public override async IAsyncEnumerable<VectorSearchResult<ImageRecord>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<ImageRecord>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(searchValue);
        await Task.CompletedTask;
        var (index, query) = (Index(), Query(searchValue));
        var (fits, skip, least) = (options?.Filter?.Compile(), options?.Skip ?? 0, options?.ScoreThreshold ?? double.NegativeInfinity);
        var wanted = skip + top;
        for (var asked = wanted; ; asked = (int)Math.Min(4L * asked, LongestScan))
        {
            var found = index.Search(query.Span, asked);
            var kept = found
                .TakeWhile(match => match.Cosine >= least)
                .Select(match => (match.Cosine, Record: Record(index, match, withVector: fits is not null || options?.IncludeVectors == true)))
                .Where(match => fits?.Invoke(match.Record) ?? true)
                .Take(wanted)
                .ToList();
            if (kept.Count < wanted && found.Count == asked && asked < LongestScan && found[^1].Cosine >= least)
            {
                continue; // what does not fit was in the way
            }

            foreach (var (cosine, record) in kept.Skip(skip))
            {
                cancellationToken.ThrowIfCancellationRequested();
                record.Vector = options?.IncludeVectors == true ? record.Vector : null;
                yield return new VectorSearchResult<ImageRecord>(record, cosine);
            }

            yield break;
        }
    }

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(VectorStoreCollectionMetadata) ? new VectorStoreCollectionMetadata { VectorStoreSystemName = SystemName, CollectionName = Name }
            : serviceType == typeof(ImageIndex) ? Index()
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _index?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static ImageRecord Record(StoredImage image, bool withVector) => new() { Key = image.Key, Path = image.Path, Vector = withVector ? image.Vector : default(ReadOnlyMemory<float>?) };

    private static ImageRecord Record(ImageIndex index, FoundImage found, bool withVector) => withVector && index.Find(found.Key) is { } image
        ? Record(image, withVector)
        : new ImageRecord { Key = found.Key, Path = found.Path };

    private IndexUpdate Begin() => settings is null ? IndexUpdate.Begin(folder) : IndexUpdate.Begin(folder, settings);

    /// <summary>The index as it is now: also what another process published.</summary>
    private ImageIndex Index()
    {
        lock (_opening)
        {
            _index ??= ImageIndex.Open(folder);
            _index.Refresh();
            return _index;
        }
    }

    private ReadOnlyMemory<float> Query<TInput>(TInput value) => value switch
    {
        ReadOnlyMemory<float> vector => vector,
        float[] vector => vector,
        Embedding<float> embedding => embedding.Vector,
        string text when encoder is not null => Encode(() => encoder.OfTexts([text], ["{c}"])),
        byte[] image when encoder is not null => Encode(() => encoder.OfImage(image)),
        ReadOnlyMemory<byte> image when encoder is not null => Encode(() => encoder.OfImage(image.Span)),
        _ => throw new NotSupportedException($"A {typeof(TInput).Name} is nothing to search by{(encoder is null ? " without an encoder" : "")}."),
    };

    private float[] Encode(Func<float[]> encode)
    {
        lock (_encoding)
        {
            return encode();
        }
    }
}
