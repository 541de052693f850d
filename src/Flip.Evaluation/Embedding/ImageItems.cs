using Flip.Collectives;
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
    /// <param name="countsEmbedded">Whether the encoder depends on that number.</param>
    public ImageItems(ImageLoader images, Func<long, IDualEncoder> encoder, int batchSize, bool countsEmbedded = true)
        : this(images, encoder(0).EmbedDim, seen => Embed(encoder(seen)), batchSize, countsEmbedded)
    {
    }

    private ImageItems(
        ImageLoader images, int dim, Func<long, Func<ReadOnlyMemory<byte>, int, PendingResult>> encoder, int batchSize, bool countsEmbedded)
    {
        (_images, EmbedDim, _encoder, _batchSize, CountsEmbedded) = (images, dim, encoder, batchSize, countsEmbedded);
    }

    /// <inheritdoc/>
    public string Kind => "images";

    /// <inheritdoc/>
    public long Count => _images.Source.Count;

    /// <inheritdoc/>
    public int EmbedDim { get; }

    /// <inheritdoc/>
    public bool CountsEmbedded { get; }

    /// <summary>Images to the tower's pooled features before the projection.</summary>
    /// <inheritdoc cref="ImageItems(ImageLoader, Func{long, IDualEncoder}, int, bool)" path="/param"/>
    public static ImageItems OfPooled(ImageLoader images, Func<long, IImageFeatures> encoder, int batchSize, bool countsEmbedded = true) =>
        new(images, encoder(0).FeatureDim, seen => Pool(encoder(seen)), batchSize, countsEmbedded);

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) =>
        _images.Source.Fingerprint(hashes, cancellation);

    /// <inheritdoc/>
    public IEnumerable<EmbeddedItems> Encode(
        long first = 0, long embedded = 0, Turn turn = default, CancellationToken cancellation = default) =>
        OneAhead.Read(Send(first, embedded, turn, cancellation), cancellation).Select(read => read.Batch with
        {
            Vectors = Embeddings.Checked(read.Numbers, read.Batch.Keys.Count, EmbedDim, "image"),
        });

    /// <summary>Batches without their vectors, which the device is to compute.</summary>
    private IEnumerable<(EmbeddedItems Batch, PendingResult? Vectors)> Send(
        long first, long embedded, Turn turn, CancellationToken cancellation)
    {
        var encode = _encoder(embedded);
        var (start, next) = (first + ((long)turn.Rank * _batchSize), checked((int)first));
        using var keys = _images.Source.Keys(next).GetEnumerator();
        foreach (var batch in _images.Read(_batchSize, next, turn, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            encode = CountsEmbedded && turn.Step > 1 ? _encoder(embedded + start - first) : encode;
            while (next < start && keys.MoveNext())
            {
                next++; // it is in another's batch
            }

            var (present, missing) = (new List<string>(batch.Size), new List<MissingItem>());
            for (var end = start + batch.Size + batch.Missing.Count; next < end && keys.MoveNext(); next++)
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
            start += (long)turn.Step * _batchSize;
        }
    }

    private static Func<ReadOnlyMemory<byte>, int, PendingResult> Embed(IDualEncoder encoder) =>
        (pixels, count) => Embeddings.OfImages(encoder, pixels, count);

    private static Func<ReadOnlyMemory<byte>, int, PendingResult> Pool(IImageFeatures encoder) =>
        (pixels, count) => Embeddings.OfPooled(encoder, pixels, count);
}
