using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Losses;

/// <summary>
/// Binary cross-entropy against soft scores, in fp32: each answer is a question of its own, and its target is what it would count, from 0 to 1. The sum over the
/// answers is a question's loss.
/// </summary>
public static class SoftAnswerLoss
{
    /// <summary>Σ max(x, 0) - x·t + log(1 + exp(-|x|)), over all answers of all questions: finite for every finite logit.</summary>
    /// <param name="logits">x, <c>[questions, answers]</c>.</param>
    /// <param name="targets">t, fp32, from 0 to 1, <c>[questions, answers]</c>.</param>
    /// <returns>A scalar, fp32; over the number of questions, it is their mean loss.</returns>
    public static Tensor Sum(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        return logits.shape.SequenceEqual(targets.shape)
            ? functional.binary_cross_entropy_with_logits(logits.to(ScalarType.Float32), targets, reduction: Reduction.Sum)
            : throw new ArgumentException($"Logits are [{string.Join(", ", logits.shape)}], targets [{string.Join(", ", targets.shape)}].", nameof(targets));
    }
}
