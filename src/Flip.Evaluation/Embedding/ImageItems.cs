using Flip.Data.Loading;
using Flip.Models;

namespace Flip.Evaluation.Embedding;

/// <summary>Images with the model that embeds them.</summary>
/// <param name="images">The images.</param>
/// <param name="encoder">Makes the encoder for images behind the given number of others, on which its masks depend.</param>
/// <param name="batchSize">Images encoded at a time.</param>
public sealed class ImageItems(ImageLoader images, Func<long, IDualEncoder> encoder, int batchSize) : IItemEncoder
{
    /// <inheritdoc/>
    public string Kind => "images";

    /// <inheritdoc/>
    public long Count => images.Source.Count;

    /// <inheritdoc/>
    public int EmbedDim { get; } = encoder(0).EmbedDim;

    /// <inheritdoc/>
    public string Fingerprint() => images.Source.Fingerprint();

    /// <inheritdoc/>
    public IEnumerable<EmbeddedItems> Encode(long first = 0, long embedded = 0, CancellationToken cancellation = default)
    {
        var model = encoder(embedded);
        var next = checked((int)first);
        using var keys = images.Source.Keys(next).GetEnumerator();
        foreach (var batch in images.Read(batchSize, next, cancellation))
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

            var vectors = batch.Size > 0 ? Embeddings.OfImages(model, batch.Present, batch.Size) : [];
            yield return new EmbeddedItems(start, next, present, null, vectors, missing);
        }
    }
}
