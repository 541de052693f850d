using Flip.Config;

namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>
/// What a GPU computes in a second, as docs/gpu.md reckons: products run at the ceiling, attention at a third of it, and norms, GELU and sums move 84 bytes
/// of each token, block and unit of width.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Products">bf16 matrix products, FLOP/s.</param>
/// <param name="Fp32Products">fp32 matrix products, in which the loss is computed, FLOP/s.</param>
/// <param name="Memory">Bytes a second.</param>
public sealed record ClusterGpu(string Name, double Products, double Fp32Products, double Memory)
{
    private const double BytesOfPasses = 84;
    private const double AttentionTimes = 3; // how much slower than other products

    /// <summary>An H100 SXM.</summary>
    public static ClusterGpu H100 { get; } = new("H100", 700e12, 50e12, 3.0e12);

    /// <summary>An A100 of 80 GB.</summary>
    public static ClusterGpu A100 { get; } = new("A100", 270e12, 17e12, 1.7e12);

    /// <summary>Seconds of a pair's forward and backward pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="maskRatio">Share of patches removed.</param>
    public double PairSeconds(ModelConfig model, double maskRatio)
    {
        ArgumentNullException.ThrowIfNull(model);
        var cost = ModelCost.Of(model, maskRatio);
        double tokenWidths = ((double)cost.Image.Tokens * model.Image.Width * model.Image.Depth) + ((double)cost.Text.Tokens * model.Text.Width * model.Text.Depth);
        var attention = Attention(cost.Image.Tokens, model.Image.Width, model.Image.Depth) + Attention(cost.Text.Tokens, model.Text.Width, model.Text.Depth);
        return ((cost.TrainingFlops + (3 * (AttentionTimes - 1) * attention)) / Products) + (BytesOfPasses * tokenWidths / Memory);
    }

    private static double Attention(double tokens, double width, double depth) => depth * 4 * tokens * tokens * width;
}
