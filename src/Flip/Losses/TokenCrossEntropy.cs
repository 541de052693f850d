using static TorchSharp.torch;

namespace Flip.Losses;

/// <summary>Cross-entropy of the next token, teacher-forced, in fp32.</summary>
public static class TokenCrossEntropy
{
    /// <summary>-Σ log softmax(logits)[target] over the tokens that count.</summary>
    /// <param name="logits">Scores of the next token at each place, <c>[batch, tokens, vocabulary]</c>.</param>
    /// <param name="targets">int64 ids of the next tokens, <c>[batch, tokens]</c>.</param>
    /// <param name="counts">bool, which targets count, <c>[batch, tokens]</c>: not padding.</param>
    /// <returns>A scalar, fp32.</returns>
    public static Tensor Sum(Tensor logits, Tensor targets, Tensor counts)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(counts);
        if (!logits.shape.AsSpan(0, (int)logits.dim() - 1).SequenceEqual(targets.shape) || !targets.shape.SequenceEqual(counts.shape))
        {
            throw new ArgumentException(
                $"Logits are [{string.Join(", ", logits.shape)}], targets [{string.Join(", ", targets.shape)}], those that count [{string.Join(", ", counts.shape)}].", nameof(targets));
        }

        var all = logits.to(ScalarType.Float32).log_softmax(-1);
        return -(all.gather(-1, targets.unsqueeze(-1)).squeeze(-1) * counts.to(ScalarType.Float32)).sum();
    }
}
