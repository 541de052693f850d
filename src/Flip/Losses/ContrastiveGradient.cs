using static TorchSharp.torch;

namespace Flip.Losses;

/// <summary>A contrastive loss with its gradient. Where ranks share the batch, loss, factor and bias are this rank's parts: over the ranks they add up to the whole.</summary>
/// <param name="Loss">The loss, fp64, <c>[1]</c>.</param>
/// <param name="Images">Gradient of this rank's images' embeddings, <c>[pairs, dim]</c>.</param>
/// <param name="Texts">Gradient of this rank's texts' embeddings, <c>[pairs, dim]</c>.</param>
/// <param name="Factor">Gradient of the factor on cosine similarities, <c>[1]</c>.</param>
/// <param name="Bias">Gradient of the logits' bias, <c>[1]</c>; null for a loss without.</param>
public sealed record ContrastiveGradient(Tensor Loss, Tensor Images, Tensor Texts, Tensor Factor, Tensor? Bias);
