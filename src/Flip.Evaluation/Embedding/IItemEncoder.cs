using Flip.Collectives;
using Flip.Data;

namespace Flip.Evaluation.Embedding;

/// <summary>A source of images or texts with the model that embeds them.</summary>
public interface IItemEncoder
{
    /// <summary>Plural of what is embedded: images or texts.</summary>
    string Kind { get; }

    /// <summary>Items of the source, also those that cannot be used.</summary>
    long Count { get; }

    /// <summary>Width D of an embedding.</summary>
    int EmbedDim { get; }

    /// <summary>Whether an embedding depends on how many were made before it, as where each image has a mask of its own.</summary>
    bool CountsEmbedded { get; }

    /// <summary>What tells the source from another, as hexadecimal digits.</summary>
    /// <param name="hashes">Computes and keeps the hashes of files; null computes them anew.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default);

    /// <summary>Embeds the items in order, a batch at a time. What comes out does not depend on where it begins.</summary>
    /// <param name="first">The first item, a multiple of the batch size.</param>
    /// <param name="embedded">Embeddings that were made of the items before.</param>
    /// <param name="turn">
    /// Which of the batches from the first item on are made. Where embeddings are counted, none of the items between is taken to be missing: what comes
    /// behind one that is has to be made anew.
    /// </param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    /// <exception cref="Flip.Data.EvaluationDataException">An item cannot be used, and that is not allowed.</exception>
    IEnumerable<EmbeddedItems> Encode(long first = 0, long embedded = 0, Turn turn = default, CancellationToken cancellation = default);
}
