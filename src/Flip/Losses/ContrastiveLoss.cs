using Flip.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Losses;

/// <summary>Losses over all pairs of a batch, in fp32.</summary>
public static class ContrastiveLoss
{
    /// <summary>
    /// Symmetric InfoNCE (CLIP; paper, section 3): the mean of the cross-entropies of images over texts and texts over images,
    /// with the matching pair as the label. The softmax is shifted by its maximum, so no logit overflows.
    /// </summary>
    /// <param name="images">Normalised embeddings, <c>[batch, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings, <c>[batch, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    public static Tensor InfoNce(Tensor images, Tensor texts, Tensor factor)
    {
        var logits = Logits(images, texts, factor);
        var labels = TensorMath.Range(logits.shape[0], logits.device);
        return functional.cross_entropy(logits, labels).Plus(functional.cross_entropy(logits.t(), labels)).Over(2);
    }

    /// <summary>
    /// Pairwise sigmoid loss (SigLIP, arXiv 2303.15343): every image-text pair is a binary question, matching or not; the sum
    /// over pairs divided by the batch.
    /// </summary>
    /// <param name="images">Normalised embeddings, <c>[batch, dim]</c>.</param>
    /// <param name="texts">Normalised embeddings, <c>[batch, dim]</c>.</param>
    /// <param name="factor">Factor on cosine similarities, <c>[1]</c>.</param>
    /// <param name="bias">Added to the logits, <c>[1]</c>.</param>
    public static Tensor Sigmoid(Tensor images, Tensor texts, Tensor factor, Tensor bias)
    {
        var logits = Logits(images, texts, factor).Plus(bias);
        var signs = eye(logits.shape[0], device: logits.device).Times(2.0).Plus(-1.0);
        return functional.logsigmoid(signs * logits).sum().Over(-logits.shape[0]);
    }

    /// <summary>Scaled cosine similarities, <c>[images, texts]</c>.</summary>
    public static Tensor Logits(Tensor images, Tensor texts, Tensor factor)
    {
        if (images.dim() != 2 || texts.dim() != 2 || images.shape[1] != texts.shape[1])
        {
            throw new ArgumentException(
                $"Embeddings [{string.Join(", ", images.shape)}] and [{string.Join(", ", texts.shape)}] do not match.", nameof(texts));
        }

        return images.mm(texts.t()) * factor;
    }
}
