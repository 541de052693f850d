using Flip.Collectives;
using Flip.Config;
using Flip.Losses;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>Which of the losses a training computes, and in which chunks.</summary>
public static class ContrastiveStep
{
    /// <summary>Loss and gradient of embeddings that have no graph.</summary>
    /// <param name="train">Loss, exchange of texts, chunk.</param>
    /// <param name="images">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="bias">Added to the logits by the sigmoid loss, <c>[1]</c>; else not read.</param>
    /// <param name="share">The batch of which these are the pairs.</param>
    public static ContrastiveGradient Of(TrainConfig train, Tensor images, Tensor texts, Tensor factor, Tensor? bias, BatchShare share)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(share);
        var isRing = !share.IsWhole && train.TextExchange == TextExchange.Ring;
        var chunk = Chunk(train, isRing ? (int)share.Counts.Max() : share.Whole); // rows by the columns that they have at a time
        return (train.Loss, isRing) switch
        {
            (LossKind.InfoNce, false) => ChunkedContrastiveLoss.InfoNce(images, texts, factor, chunk, share),
            (LossKind.InfoNce, true) => RingContrastiveLoss.InfoNce(images, texts, factor, chunk, share),
            (_, false) => ChunkedContrastiveLoss.Sigmoid(images, texts, factor, bias!, chunk, share),
            (_, true) => RingContrastiveLoss.Sigmoid(images, texts, factor, bias!, chunk, share),
        };
    }

    /// <summary>Rows of the logits at a time.</summary>
    internal static int Chunk(TrainConfig train, int columns) =>
        Math.Min(columns, train.LossChunk > 0 ? train.LossChunk : ChunkedContrastiveLoss.AutomaticChunk(columns));
}
