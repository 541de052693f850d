namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>Where the time of a step goes on each of many GPUs, in seconds. What overlaps with computing counts only as far as it does not fit beneath it.</summary>
/// <param name="World">GPUs.</param>
/// <param name="Pairs">Pairs of each.</param>
/// <param name="Towers">Forward and backward pass.</param>
/// <param name="Loss">Logits and their gradients, of its own rows.</param>
/// <param name="Update">AdamW of its own part of the weights.</param>
/// <param name="Passes">What each GPU does with all weights: clears and gathers gradients, casts weights.</param>
/// <param name="Texts">Exchange of the texts' embeddings and of their gradients.</param>
/// <param name="Columns">Sums over the columns of the logits.</param>
/// <param name="Gradient">Sums of the gradients that the backward pass does not cover.</param>
/// <param name="Weights">Exchange of the updated weights.</param>
/// <param name="Agreement">The few numbers that the ranks agree on.</param>
public sealed record ScalingStep(
    int World,
    int Pairs,
    double Towers,
    double Loss,
    double Update,
    double Passes,
    double Texts,
    double Columns,
    double Gradient,
    double Weights,
    double Agreement)
{
    /// <summary>All of it.</summary>
    public double Seconds => Towers + Loss + Update + Passes + Exchange;

    /// <summary>What the ranks' exchange adds.</summary>
    public double Exchange => Texts + Columns + Gradient + Weights + Agreement;

    /// <summary>Speed as a share of that of as many GPUs without any exchange; 0 to 1.</summary>
    public required double Efficiency { get; init; }
}
