using Flip.Data;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Models;

namespace Flip.Evaluation.Embedding;

/// <summary>Images with the model that embeds them.</summary>
public sealed class ImageItems : IItemEncoder
{
    private readonly ImageLoader _images;
    private readonly Func<long, Func<ReadOnlyMemory<byte>, int, PendingResult>> _encoder;
    private readonly int _batchSize;

    /// <summary>Images to normalised embeddings.</summary>
    /// <param name="images">The images.</param>
    /// <param name="encoder">Makes the encoder for images behind the given number of others, on which its masks depend.</param>
    /// <param name="batchSize">Images encoded at a time.</param>
    public ImageItems(ImageLoader images, Func<long, IDualEncoder> encoder, int batchSize)
        : this(images, encoder(0).EmbedDim, seen => Embed(encoder(seen)), batchSize)
    {
    }

    private ImageItems(ImageLoader images, int dim, Func<long, Func<ReadOnlyMemory<byte>, int, PendingResult>> encoder, int batchSize)
    {
        (_images, EmbedDim, _encoder, _batchSize) = (images, dim, encoder, batchSize);
    }

    /// <inheritdoc/>
    public string Kind => "images";

    /// <inheritdoc/>
    public long Count => _images.Source.Count;

    /// <inheritdoc/>
    public int EmbedDim { get; }

    /// <summary>Images to the tower's pooled features before the projection.</summary>
    /// <inheritdoc cref="ImageItems(ImageLoader, Func{long, IDualEncoder}, int)" path="/param"/>
    public static ImageItems OfPooled(ImageLoader images, Func<long, IImageFeatures> encoder, int batchSize) =>
        new(images, encoder(0).FeatureDim, seen => Pool(encoder(seen)), batchSize);

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) =>
        _images.Source.Fingerprint(hashes, cancellation);

    /// <inheritdoc/>
    public IEnumerable<EmbeddedItems> Encode(long first = 0, long embedded = 0, CancellationToken cancellation = default) =>
        OneAhead.Read(Send(first, embedded, cancellation), cancellation).Select(read => read.Batch with
        {
            Vectors = Embeddings.Checked(read.Numbers, read.Batch.Keys.Count, EmbedDim, "image"),
        });

    /// <summary>Batches without their vectors, which the device is to compute.</summary>
    private IEnumerable<(EmbeddedItems Batch, PendingResult? Vectors)> Send(long first, long embedded, CancellationToken cancellation)
    {
        var encode = _encoder(embedded);
        var next = checked((int)first);
        using var keys = _images.Source.Keys(next).GetEnumerator();
        foreach (var batch in _images.Read(_batchSize, next, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            var start = next;
            var (present, missing) = (new List<string>(batch.Size), new List<MissingItem>());
            for (var end = next + batch.Size + batch.Missing.Count; next < end && keys.MoveNext(); next++)
            {
                if (batch.Missing.TryGetValue(next, out var problem))
                {
                    missing.Add(new MissingItem(keys.Current, problem));
                }
                else
                {
                    present.Add(keys.Current);
                }
            }

            yield return (new EmbeddedItems(start, next, present, null, [], missing), batch.Size > 0 ? encode(batch.Present, batch.Size) : null);
        }
    }

    private static Func<ReadOnlyMemory<byte>, int, PendingResult> Embed(IDualEncoder encoder) =>
        (pixels, count) => Embeddings.OfImages(encoder, pixels, count);

    private static Func<ReadOnlyMemory<byte>, int, PendingResult> Pool(IImageFeatures encoder) =>
        (pixels, count) => Embeddings.OfPooled(encoder, pixels, count);
}
