using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Losses;

/// <summary>
/// The losses of <see cref="ContrastiveLoss"/> with their gradients, written out over chunks of rows of the logits: memory
/// for logits is batch × chunk instead of batch², and there is no graph. Equal to the plain losses up to rounding.
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
    /// <param name="images">Normalised embeddings, fp32, <c>[batch, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings, fp32, <c>[batch, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of the logits at a time, 1 or more.</param>
    public static ContrastiveGradient InfoNce(Tensor images, Tensor texts, Tensor factor, int chunk)
    {
        var batch = CheckedBatch(images, texts, chunk);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sums = new Sums(images);
        var rows = zeros(batch, ScalarType.Float32, images.device);
        var columns = ColumnLogSums(images, texts, factor, chunk, rows, sums.Loss);
        sums.Loss.Plus_(rows.sum(ScalarType.Float64)).Plus_(columns.sum(ScalarType.Float64));
        foreach (var (start, count) in Chunks(batch, chunk))
        {
            using var inner = NewDisposeScope();
            var imageRows = images.narrow(0, start, count);
            var logits = Logits(imageRows, texts, factor);
            var gradient = (logits - columns).exp_(); // softmax over images, then both softmaxes, [chunk, batch]
            gradient.Plus_(logits.sub_(rows.narrow(0, start, count).unsqueeze(1)).exp_());
            gradient.diagonal(start, 0, 1).Plus_(-2.0);
            sums.Add(gradient, imageRows, texts, start, count);
        }

        return sums.Result(factor, 1.0 / (2 * batch), withBias: false);
    }

    /// <summary><see cref="ContrastiveLoss.Sigmoid"/> in one pass, since every pair stands alone.</summary>
    /// <param name="images">Normalised embeddings, fp32, <c>[batch, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings, fp32, <c>[batch, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="bias">Added to the logits, <c>[1]</c>.</param>
    /// <param name="chunk">Rows of the logits at a time, 1 or more.</param>
    public static ContrastiveGradient Sigmoid(Tensor images, Tensor texts, Tensor factor, Tensor bias, int chunk)
    {
        var batch = CheckedBatch(images, texts, chunk);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sums = new Sums(images);
        foreach (var (start, count) in Chunks(batch, chunk))
        {
            using var inner = NewDisposeScope();
            var imageRows = images.narrow(0, start, count);
            var logits = Logits(imageRows, texts, factor).Plus_(bias);
            logits.diagonal(start, 0, 1).neg_(); // logits of the wrong answers
            sums.Loss.Plus_(functional.logsigmoid(logits.neg()).sum(ScalarType.Float64), -1);
            var gradient = logits.sigmoid_();
            gradient.diagonal(start, 0, 1).neg_();
            sums.Add(gradient, imageRows, texts, start, count);
        }

        return sums.Result(factor, 1.0 / batch, withBias: true);
    }

    /// <summary>Logarithms of the sums of exponentials of every column, <c>[batch]</c>; those of the rows go into
    /// <paramref name="rows"/>, and the matching pairs' logits off <paramref name="loss"/>, twice.</summary>
    private static Tensor ColumnLogSums(Tensor images, Tensor texts, Tensor factor, int chunk, Tensor rows, Tensor loss)
    {
        var sum = zeros_like(rows);
        var largest = sum.log(); // -∞, made on the device
        foreach (var (start, count) in Chunks((int)images.shape[0], chunk))
        {
            using var inner = NewDisposeScope();
            var logits = Logits(images.narrow(0, start, count), texts, factor);
            rows.narrow(0, start, count).copy_(logits.logsumexp(1));
            loss.Plus_(logits.diagonal(start, 0, 1).sum(ScalarType.Float64), -2);
            var larger = largest.maximum(logits.amax([0]));
            sum.mul_((largest - larger).exp_()).Plus_(logits.sub_(larger).exp_().sum([0]));
            largest.copy_(larger);
        }

        return largest.Plus(sum.log());
    }

    /// <summary>Rows of the scaled similarities, <c>[chunk, batch]</c>.</summary>
    private static Tensor Logits(Tensor imageRows, Tensor texts, Tensor factor) => imageRows.mm(texts.t()).mul_(factor);

    private static IEnumerable<(int Start, int Count)> Chunks(int batch, int chunk)
    {
        for (var start = 0; start < batch; start += Math.Min(chunk, batch - start))
        {
            yield return (start, Math.Min(chunk, batch - start));
        }
    }

    private static int CheckedBatch(Tensor images, Tensor texts, int chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunk);
        if (images.dim() != 2 || !images.shape.SequenceEqual(texts.shape))
        {
            throw new ArgumentException(
                $"Embeddings [{string.Join(", ", images.shape)}] and [{string.Join(", ", texts.shape)}] do not match.", nameof(texts));
        }

        return (int)images.shape[0];
    }

    /// <summary>What the chunks add up to; the loss's division by the batch comes at the end.</summary>
    private sealed class Sums(Tensor like)
    {
        private readonly Tensor _images = zeros_like(like);
        private readonly Tensor _texts = zeros_like(like);
        private readonly Tensor _factor = zeros(1, ScalarType.Float64, like.device);
        private readonly Tensor _bias = zeros(1, ScalarType.Float64, like.device);

        public Tensor Loss { get; } = zeros(1, ScalarType.Float64, like.device);

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
            _bias.Plus_(gradient.sum(ScalarType.Float64));
        }

        public ContrastiveGradient Result(Tensor factor, double scale, bool withBias)
        {
            Tensor Scaled(Tensor sum) => sum.Times_(scale).to(ScalarType.Float32).MoveToOuterDisposeScope();
            return new ContrastiveGradient(
                Loss.Times_(scale).MoveToOuterDisposeScope(),
                Scaled(_images.mul_(factor)),
                Scaled(_texts.mul_(factor)),
                Scaled(_factor),
                withBias ? Scaled(_bias) : null);
        }
    }
}
