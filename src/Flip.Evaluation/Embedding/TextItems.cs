using Flip.Collectives;
using Flip.Data;
using Flip.Devices;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.Embedding;

/// <summary>Texts with the model that embeds them. A text that is longer than the model's rows is cut, as in training.</summary>
public sealed class TextItems : IItemEncoder
{
    /// <summary>What <see cref="Kind"/> is.</summary>
    internal const string Texts = "texts";

    private readonly ITextSource _texts;
    private readonly IDualEncoder _encoder;
    private readonly ITokenizer _tokenizer;
    private readonly int _batchSize;
    private readonly string _fingerprint;

    /// <summary>Reads all texts once, so that what is wrong with them is known before the work begins.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="encoder">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="allowMissing">Whether texts that cannot be used are left out; they are an error else.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There is no text.</exception>
    /// <exception cref="EvaluationDataException">A text cannot be used, and that is not allowed.</exception>
    public TextItems(
        ITextSource texts,
        IDualEncoder encoder,
        ITokenizer tokenizer,
        int batchSize,
        bool allowMissing = false,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        (_texts, _encoder, _tokenizer, _batchSize) = (texts, encoder, tokenizer, batchSize);
        using var fingerprint = new Fingerprint();
        foreach (var text in texts.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            if (text.Problem is not null && !allowMissing)
            {
                throw new EvaluationDataException($"{text.Problem}.");
            }

            Count++;
            fingerprint.Add(text.Key).Add(text.Text ?? "");
        }

        _fingerprint = Count > 0 ? fingerprint.Take() : throw new ConfigException("The source of texts is empty.");
    }

    /// <inheritdoc/>
    public string Kind => Texts;

    /// <inheritdoc/>
    public long Count { get; }

    /// <inheritdoc/>
    public int EmbedDim => _encoder.EmbedDim;

    /// <inheritdoc/>
    public bool CountsEmbedded => false;

    /// <inheritdoc/>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => _fingerprint;

    /// <inheritdoc/>
    public IEnumerable<EmbeddedItems> Encode(
        long first = 0, long embedded = 0, Turn turn = default, CancellationToken cancellation = default) =>
        OneAhead.Read(Send(first, turn, cancellation), cancellation).Select(read => read.Batch with
        {
            Vectors = Embeddings.Checked(read.Numbers, read.Batch.Keys.Count, EmbedDim, "text"),
        });

    /// <summary>Batches without their vectors, which the device is to compute.</summary>
    private IEnumerable<(EmbeddedItems Batch, PendingResult? Vectors)> Send(long first, Turn turn, CancellationToken cancellation)
    {
        foreach (var (number, batch) in _texts.Read().Skip(checked((int)first)).Chunk(_batchSize).Index().Where(batch => turn.Has(batch.Index)))
        {
            cancellation.ThrowIfCancellationRequested();
            var start = first + ((long)number * _batchSize);
            var present = batch.Where(text => text.Text is not null).ToList();
            string[] texts = [.. present.Select(text => text.Text!)];
            MissingItem[] missing = [.. batch.Where(text => text.Text is null).Select(text => new MissingItem(text.Key, text.Problem ?? "no text"))];
            yield return (
                new EmbeddedItems(start, start + batch.Length, [.. present.Select(text => text.Key)], texts, [], missing),
                texts.Length > 0 ? Embeddings.OfTexts(_encoder, _tokenizer, texts) : null);
        }
    }
}
