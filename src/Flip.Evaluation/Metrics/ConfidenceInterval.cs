namespace Flip.Evaluation.Metrics;

/// <summary>A range that holds a value with a probability of 95 %.</summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>Whether a value lies outside.</summary>
    public bool Excludes(double value) => value < Low || value > High;
}
