using Flip.Collectives;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Losses;

/// <summary>
/// The losses of <see cref="ContrastiveLoss"/> where no rank ever holds all texts' embeddings (the idea of Inf-CL, arXiv 2410.17243). The ranks
/// stand in a ring; a block of texts goes around it, and each rank adds what its own images have to do with the block. Memory is
/// O(pairs of a rank × (dim + chunk)), whatever the number of ranks. Equal to <see cref="ChunkedContrastiveLoss"/> up to rounding.
/// </summary>
public static class RingContrastiveLoss
{
    /// <summary>
    /// InfoNCE in two rounds. In the first the blocks carry the largest logit of each column and the sum of exponentials; in the second the
    /// columns' sums, and the texts' gradients as they add up.
    /// </summary>
    /// <param name="images">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of a block's logits at a time, 1 or more.</param>
    /// <param name="share">The batch of which these are the pairs.</param>
    public static ContrastiveGradient InfoNce(Tensor images, Tensor texts, Tensor factor, int chunk, BatchShare share)
    {
        ArgumentNullException.ThrowIfNull(share);
        ChunkedContrastiveLoss.Checked(images, texts, chunk, share);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sums = new Sums(images);
        var (rows, columns) = LogSums(images, texts, factor, chunk, share, sums.Loss);
        sums.Loss.Plus_(rows.sum(ScalarType.Float64)).Plus_(columns.sum(ScalarType.Float64));
        var ring = new TextRing(texts, share, columns);
        var textGradient = ring.Round((block, column, gradient, isOwn) =>
        {
            foreach (var (start, count) in ChunkedContrastiveLoss.Chunks(share.Count, chunk))
            {
                using var inner = NewDisposeScope();
                var imageRows = images.narrow(0, start, count);
                var logits = ChunkedContrastiveLoss.Logits(imageRows, block, factor); // [chunk, block]
                var ofLogits = (logits - column!).exp_();
                ofLogits.Plus_(logits.sub_(rows.narrow(0, start, count).unsqueeze(1)).exp_());
                if (isOwn)
                {
                    ofLogits.diagonal(start, 0, 1).Plus_(-2.0);
                }

                sums.Add(ofLogits, imageRows, block, gradient, start, count);
            }
        });
        return sums.Result(textGradient, factor, 1.0 / (2 * share.Whole), withBias: false);
    }

    /// <summary>The sigmoid loss in one round, since every pair stands alone.</summary>
    /// <param name="images">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="bias">Added to the logits, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of a block's logits at a time, 1 or more.</param>
    /// <param name="share">The batch of which these are the pairs.</param>
    public static ContrastiveGradient Sigmoid(Tensor images, Tensor texts, Tensor factor, Tensor bias, int chunk, BatchShare share)
    {
        ArgumentNullException.ThrowIfNull(share);
        ChunkedContrastiveLoss.Checked(images, texts, chunk, share);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sums = new Sums(images);
        var textGradient = new TextRing(texts, share, null).Round((block, _, gradient, isOwn) =>
        {
            foreach (var (start, count) in ChunkedContrastiveLoss.Chunks(share.Count, chunk))
            {
                using var inner = NewDisposeScope();
                var imageRows = images.narrow(0, start, count);
                var logits = ChunkedContrastiveLoss.Logits(imageRows, block, factor).Plus_(bias);
                var own = isOwn ? logits.diagonal(start, 0, 1).neg_() : null; // logits of the wrong answers
                sums.Loss.Plus_(ChunkedContrastiveLoss.SoftplusSum(logits));
                var ofLogits = logits.sigmoid_();
                own?.neg_();
                sums.Add(ofLogits, imageRows, block, gradient, start, count);
                sums.AddBias(ofLogits);
            }
        });
        return sums.Result(textGradient, factor, 1.0 / share.Whole, withBias: true);
    }

    /// <summary>Logarithms of the sums of exponentials of this rank's rows and of its texts' columns, <c>[pairs]</c> each; the matching pairs' logits
    /// go off <paramref name="loss"/>, twice.</summary>
    private static (Tensor Rows, Tensor Columns) LogSums(Tensor images, Tensor texts, Tensor factor, int chunk, BatchShare share, Tensor loss)
    {
        var rows = new LogSum(share.Count, images.device);
        var columns = new TextRing(texts, share, null).RoundOfColumns((block, column, isOwn) =>
        {
            foreach (var (start, count) in ChunkedContrastiveLoss.Chunks(share.Count, chunk))
            {
                using var inner = NewDisposeScope();
                var logits = ChunkedContrastiveLoss.Logits(images.narrow(0, start, count), block, factor);
                if (isOwn)
                {
                    loss.Plus_(logits.diagonal(start, 0, 1).sum(ScalarType.Float64), -2);
                }

                rows.Part(start, count).Add(logits, dim: 1);
                column.Add(logits, dim: 0);
            }
        });
        return (rows.Value(), columns.Value());
    }

    /// <summary>What a rank's images add up to; the loss's division by the batch comes at the end.</summary>
    private sealed class Sums(Tensor like)
    {
        private readonly Tensor _images = zeros_like(like);
        private readonly Tensor _factor = zeros(1, ScalarType.Float64, like.device);
        private readonly Tensor _bias = zeros(1, ScalarType.Float64, like.device);

        public Tensor Loss { get; } = zeros(1, ScalarType.Float64, like.device);

        public void Add(Tensor ofLogits, Tensor imageRows, Tensor block, Tensor textGradient, int start, int count)
        {
            var rows = ofLogits.mm(block);
            _images.narrow(0, start, count).Plus_(rows);
            textGradient.addmm_(ofLogits.t(), imageRows, 1, 1);
            _factor.Plus_((rows * imageRows).sum(ScalarType.Float64));
        }

        /// <summary>The gradient of the bias, where the loss has one: by rows first, since libtorch copies what it adds up in another type.</summary>
        public void AddBias(Tensor ofLogits) => _bias.Plus_(ofLogits.sum([1]).sum(ScalarType.Float64));

        public ContrastiveGradient Result(Tensor texts, Tensor factor, double scale, bool withBias)
        {
            Tensor Scaled(Tensor sum) => sum.Times_(scale).to(ScalarType.Float32).MoveToOuterDisposeScope();
            return new ContrastiveGradient(
                Loss.Times_(scale).MoveToOuterDisposeScope(),
                Scaled(_images.mul_(factor)),
                Scaled(texts.mul_(factor)),
                Scaled(_factor),
                withBias ? Scaled(_bias) : null);
        }
    }
}
