using Flip.Collectives;
using Flip.Data;

namespace Flip.Evaluation.Embedding;

/// <summary>
/// Items that ranks embed together: each decodes and encodes its turn of the batches, and all get every batch, in the order and with the boundaries
/// of a single process. Where embeddings are counted, a missing item moves what comes behind it: the batches behind that item's are then made anew.
/// </summary>
public sealed class SharedItems : IItemEncoder
{
    private readonly IItemEncoder _items;
    private readonly ICommunicator _ranks;

    private SharedItems(IItemEncoder items, ICommunicator ranks) => (_items, _ranks) = (items, ranks);

    /// <inheritdoc/>
    public string Kind => _items.Kind;

    /// <inheritdoc/>
    public long Count => _items.Count;

    /// <inheritdoc/>
    public int EmbedDim => _items.EmbedDim;

    /// <inheritdoc/>
    public bool CountsEmbedded => _items.CountsEmbedded;

    /// <summary>Shares items.</summary>
    /// <param name="items">The same source and model on each rank.</param>
    /// <param name="ranks">The ranks; the items stay as they are in a single process, and with null.</param>
    public static IItemEncoder Of(IItemEncoder items, ICommunicator? ranks) => ranks is null or { World: 1 } ? items : new SharedItems(items, ranks);

    /// <inheritdoc/>
    /// <remarks>Rank 0 reads the files and tells the others.</remarks>
    public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) =>
        FirstRank.Tell(_ranks, () => _items.Fingerprint(hashes, cancellation));

    /// <inheritdoc/>
    /// <exception cref="ConfigException">The ranks have other items, or other batches of them.</exception>
    /// <exception cref="RankFailedException">An item of another rank cannot be used; that rank tells which.</exception>
    public IEnumerable<EmbeddedItems> Encode(
        long first = 0, long embedded = 0, Turn turn = default, CancellationToken cancellation = default)
    {
        if (turn.Step > 1)
        {
            throw new ArgumentException("These items are dealt out already.", nameof(turn));
        }

        SameWork.Require(_ranks, $"{Count} {Kind}", $"embeddings of {EmbedDim}");
        return EncodeAll(first, embedded, cancellation);
    }

    private IEnumerable<EmbeddedItems> EncodeAll(long first, long embedded, CancellationToken cancellation)
    {
        for (var isDone = false; !isDone && first < Count;)
        {
            isDone = true;
            foreach (var batch in Read(first, embedded, cancellation))
            {
                (first, embedded) = (batch.First == first ? batch.Next : throw NotNext(batch, first), embedded + batch.Keys.Count);
                yield return batch;
                if (CountsEmbedded && batch.Missing.Count > 0)
                {
                    isDone = false;
                    break;
                }
            }
        }
    }

    private IEnumerable<EmbeddedItems> Read(long first, long embedded, CancellationToken cancellation) => SharedBatches.Read(
        _ranks, turn => _items.Encode(first, embedded, turn, cancellation), ItemBytes.Of, ItemBytes.Read, cancellation);

    private ConfigException NotNext(EmbeddedItems batch, long first) => new(
        $"The ranks do not share one work: item {first} of the {Kind} comes next, and a rank has {batch.First} to {batch.Next - 1}. They need batches of one size (eval.batchSize).");
}
