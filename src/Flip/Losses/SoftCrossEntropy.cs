using static TorchSharp.torch;

namespace Flip.Losses;

/// <summary>Cross-entropy against soft targets, in fp32: label smoothing and mixed labels are targets.</summary>
public static class SoftCrossEntropy
{
    /// <summary>-Σ target · log softmax(logits), the sum over the images.</summary>
    /// <param name="logits"><c>[batch, classes]</c></param>
    /// <param name="targets">fp32, each row a distribution, <c>[batch, classes]</c>.</param>
    public static Tensor Sum(Tensor logits, Tensor targets)
    {
        if (!logits.shape.SequenceEqual(targets.shape))
        {
            throw new ArgumentException(
                $"Logits are [{string.Join(", ", logits.shape)}], targets [{string.Join(", ", targets.shape)}].", nameof(targets));
        }

        return -(targets * logits.to(ScalarType.Float32).log_softmax(1)).sum();
    }

    /// <summary>
    /// Targets of mixed images: a share of the image's class and the rest of its partner's, each smoothed: its own class has
    /// 1 - smoothing + smoothing / classes, every other one smoothing / classes.
    /// </summary>
    /// <param name="labels">Class of each image.</param>
    /// <param name="partners">Class of the image that is mixed into it.</param>
    /// <param name="share">The image's own share, in [0, 1].</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="smoothing">Share that is spread over all classes, in [0, 1).</param>
    /// <returns><c>[images, classes]</c></returns>
    public static float[] Targets(ReadOnlySpan<int> labels, ReadOnlySpan<int> partners, double share, int classes, double smoothing)
    {
        var targets = new float[labels.Length * classes];
        targets.AsSpan().Fill((float)(smoothing / classes));
        for (var i = 0; i < labels.Length; i++)
        {
            targets[(i * classes) + labels[i]] += (float)((1 - smoothing) * share);
            targets[(i * classes) + partners[i]] += (float)((1 - smoothing) * (1 - share));
        }

        return targets;
    }
}
