namespace Flip.Evaluation.Metrics;

/// <summary>
/// A metric as a function of how often each image counts. Once each, it is the metric; as often as a bootstrap replicate drew them, it is the
/// replicate's. What does not depend on the counts, such as an order, is prepared once. Safe to call from several threads.
/// </summary>
public abstract class Statistic
{
    /// <summary>Number of images.</summary>
    public abstract int Images { get; }

    /// <summary>The metric of the images with repetitions.</summary>
    /// <param name="counts">How often each image counts, <c>[Images]</c>, from 0.</param>
    /// <returns>The value; NaN where it is not defined.</returns>
    public abstract double Of(ReadOnlySpan<int> counts);

    /// <summary>The metric of the images as they are.</summary>
    public double Value()
    {
        var once = new int[Images];
        Array.Fill(once, 1);
        return Of(once);
    }
}
