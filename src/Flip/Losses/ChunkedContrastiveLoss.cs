using Flip.Collectives;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Losses;

/// <summary>
/// The losses of <see cref="ContrastiveLoss"/> with their gradients, written out over chunks of rows of the logits: memory
/// for logits is batch × chunk instead of batch², and there is no graph. Equal to the plain losses up to rounding.
/// <para>Where ranks share a batch, each has all texts' embeddings and computes the logits of its own images alone (paper, section 3: contrasted with
/// the whole batch). What comes back are the exact derivatives of the whole batch's loss, so gradients of weights are summed over the ranks, never averaged.</para>
/// </summary>
public static class ChunkedContrastiveLoss
{
    private const long ChunkEntries = 1 << 24; // 64 MiB of logits; two or three such buffers live at once

    /// <summary>Rows of the logits at a time that are few enough for the memory and enough for a fast product: all up to a batch
    /// of 4096, fewer above.</summary>
    public static int AutomaticChunk(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        return (int)Math.Clamp(ChunkEntries / batch, 1, batch);
    }

    /// <summary>
    /// <see cref="ContrastiveLoss.InfoNce"/> in two passes. The first finds the logarithm of the softmax's sum for every row, and for
    /// every column with a running maximum; the second computes the logits again and from them the gradients.
    /// </summary>
    /// <param name="images">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of the logits at a time, 1 or more.</param>
    /// <param name="share">The batch of which these are the pairs; null where they are all of it.</param>
    public static ContrastiveGradient InfoNce(Tensor images, Tensor texts, Tensor factor, int chunk, BatchShare? share = null)
    {
        share = Checked(images, texts, chunk, share);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var all = GatheredTexts(texts, share);
        var sums = new Sums(images, share);
        var rows = zeros(share.Count, ScalarType.Float32, images.device);
        var columns = ColumnLogSums(images, all, factor, chunk, rows, sums.Loss, share);
        sums.Loss.Plus_(rows.sum(ScalarType.Float64)).Plus_(columns.narrow(0, share.First, share.Count).sum(ScalarType.Float64));
        foreach (var (start, count) in Chunks(share.Count, chunk))
        {
            using var inner = NewDisposeScope();
            var imageRows = images.narrow(0, start, count);
            var logits = Logits(imageRows, all, factor);
            var gradient = (logits - columns).exp_(); // softmax over images, then both softmaxes, [chunk, batch]
            gradient.Plus_(logits.sub_(rows.narrow(0, start, count).unsqueeze(1)).exp_());
            gradient.diagonal(share.First + start, 0, 1).Plus_(-2.0);
            sums.Add(gradient, imageRows, all, start, count);
        }

        return sums.Result(factor, 1.0 / (2 * share.Whole), withBias: false);
    }

    /// <summary><see cref="ContrastiveLoss.Sigmoid"/> in one pass, since every pair stands alone.</summary>
    /// <param name="images">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings of this rank, fp32, <c>[pairs, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="bias">Added to the logits, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of the logits at a time, 1 or more.</param>
    /// <param name="share">The batch of which these are the pairs; null where they are all of it.</param>
    public static ContrastiveGradient Sigmoid(Tensor images, Tensor texts, Tensor factor, Tensor bias, int chunk, BatchShare? share = null)
    {
        share = Checked(images, texts, chunk, share);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var all = GatheredTexts(texts, share);
        var sums = new Sums(images, share);
        foreach (var (start, count) in Chunks(share.Count, chunk))
        {
            using var inner = NewDisposeScope();
            var imageRows = images.narrow(0, start, count);
            var logits = Logits(imageRows, all, factor).Plus_(bias);
            logits.diagonal(share.First + start, 0, 1).neg_(); // logits of the wrong answers
            sums.Loss.Plus_(SoftplusSum(logits));
            var gradient = logits.sigmoid_();
            gradient.diagonal(share.First + start, 0, 1).neg_();
            sums.Add(gradient, imageRows, all, start, count);
            sums.AddBias(gradient);
        }

        return sums.Result(factor, 1.0 / share.Whole, withBias: true);
    }

    /// <summary>Logarithms of the sums of exponentials of every column over the rows of all ranks, <c>[batch]</c>; those of this rank's rows go into
    /// <paramref name="rows"/>, and its matching pairs' logits off <paramref name="loss"/>, twice.</summary>
    private static Tensor ColumnLogSums(Tensor images, Tensor texts, Tensor factor, int chunk, Tensor rows, Tensor loss, BatchShare share)
    {
        var sum = zeros(share.Whole, ScalarType.Float32, images.device);
        var largest = sum.log(); // -∞, made on the device
        foreach (var (start, count) in Chunks(share.Count, chunk))
        {
            using var inner = NewDisposeScope();
            var logits = Logits(images.narrow(0, start, count), texts, factor);
            rows.narrow(0, start, count).copy_(logits.logsumexp(1));
            loss.Plus_(logits.diagonal(share.First + start, 0, 1).sum(ScalarType.Float64), -2);
            var larger = largest.maximum(logits.amax([0]));
            sum.mul_((largest - larger).exp_()).Plus_(logits.sub_(larger).exp_().sum([0]));
            largest.copy_(larger);
        }

        if (!share.IsWhole)
        {
            var own = largest.clone();
            share.Ranks.StartMax(largest).Wait();
            sum.mul_(own.sub_(largest).exp_());
            share.Ranks.StartSum(sum).Wait();
        }

        return largest.Plus(sum.log());
    }

    /// <summary>The texts of all ranks, <c>[batch, dim]</c>.</summary>
    private static Tensor GatheredTexts(Tensor texts, BatchShare share)
    {
        if (share.IsWhole)
        {
            return texts;
        }

        var all = zeros([share.Whole, texts.shape[1]], ScalarType.Float32, texts.device);
        share.Ranks.StartGather(texts.contiguous(), all, share.Counts).Wait();
        return all;
    }

    /// <summary>Rows of the scaled similarities, <c>[chunk, batch]</c>.</summary>
    internal static Tensor Logits(Tensor imageRows, Tensor texts, Tensor factor) => imageRows.mm(texts.t()).mul_(factor);

    /// <summary>Σ log(1 + eˣ), fp64, with one copy of the logits at a time; by rows first, since libtorch copies what it adds up in another type.</summary>
    internal static Tensor SoftplusSum(Tensor logits)
    {
        using var scope = NewDisposeScope();
        Tensor beyond;
        using (var small = logits.abs().neg_().exp_().log1p_())
        {
            beyond = small.sum([1]);
        }

        return beyond.sum(ScalarType.Float64).Plus(logits.relu().sum([1]).sum(ScalarType.Float64)).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of each chunk.</summary>
    internal static IEnumerable<(int Start, int Count)> Chunks(int batch, int chunk)
    {
        for (var start = 0; start < batch; start += Math.Min(chunk, batch - start))
        {
            yield return (start, Math.Min(chunk, batch - start));
        }
    }

    /// <summary>The batch, if the embeddings match it.</summary>
    internal static BatchShare Checked(Tensor images, Tensor texts, int chunk, BatchShare? share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunk);
        if (images.dim() != 2 || !images.shape.SequenceEqual(texts.shape) || (share is not null && images.shape[0] != share.Count))
        {
            throw new ArgumentException(
                $"Embeddings [{string.Join(", ", images.shape)}] and [{string.Join(", ", texts.shape)}] do not match{(share is null ? "" : $", or are not the {share.Count} pairs of this rank")}.",
                nameof(texts));
        }

        return share ?? BatchShare.Alone((int)images.shape[0]);
    }

    /// <summary>What the chunks add up to; the loss's division by the batch comes at the end.</summary>
    private sealed class Sums(Tensor images, BatchShare share)
    {
        private readonly Tensor _images = zeros_like(images);
        private readonly Tensor _texts = zeros([share.Whole, images.shape[1]], ScalarType.Float32, images.device);
        private readonly Tensor _factor = zeros(1, ScalarType.Float64, images.device);
        private readonly Tensor _bias = zeros(1, ScalarType.Float64, images.device);

        public Tensor Loss { get; } = zeros(1, ScalarType.Float64, images.device);

        /// <param name="gradient">Of some rows of the logits, <c>[chunk, batch]</c>.</param>
        /// <param name="imageRows">The rows' images, <c>[chunk, dim]</c>.</param>
        /// <param name="texts"><c>[batch, dim]</c></param>
        /// <param name="start">First row.</param>
        /// <param name="count">Number of rows.</param>
        public void Add(Tensor gradient, Tensor imageRows, Tensor texts, int start, int count)
        {
            var rows = gradient.mm(texts);
            _images.narrow(0, start, count).copy_(rows);
            _texts.addmm_(gradient.t(), imageRows, 1, 1);
            _factor.Plus_((rows * imageRows).sum(ScalarType.Float64));
        }

        /// <summary>The gradient of the bias, where the loss has one: by rows first, since libtorch copies what it adds up in another type.</summary>
        public void AddBias(Tensor gradient) => _bias.Plus_(gradient.sum([1]).sum(ScalarType.Float64));

        public ContrastiveGradient Result(Tensor factor, double scale, bool withBias)
        {
            Tensor Scaled(Tensor sum) => sum.Times_(scale).to(ScalarType.Float32).MoveToOuterDisposeScope();
            return new ContrastiveGradient(
                Loss.Times_(scale).MoveToOuterDisposeScope(),
                Scaled(_images.mul_(factor)),
                Scaled(OwnTexts().mul_(factor)),
                Scaled(_factor),
                withBias ? Scaled(_bias) : null);
        }

        /// <summary>The gradients of this rank's texts, to which every rank's images add, <c>[pairs, dim]</c>.</summary>
        private Tensor OwnTexts()
        {
            if (share.IsWhole)
            {
                return _texts;
            }

            var own = zeros_like(_images);
            share.Ranks.StartScatterSum(_texts, own, share.Counts).Wait();
            return own;
        }
    }
}
