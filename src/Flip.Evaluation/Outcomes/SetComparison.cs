using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>Two results on the same images of one data set.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Metric">What it is scored by.</param>
/// <param name="A">The first result.</param>
/// <param name="B">The second.</param>
/// <param name="Interval">Paired bootstrap interval of <see cref="Difference"/>; null where there is none.</param>
/// <param name="Images">Images of both.</param>
/// <param name="OnlyA">Images that the first alone got right at once.</param>
/// <param name="OnlyB">Images that the second alone got right at once.</param>
public sealed record SetComparison(
    string Name, Metric Metric, double A, double B, ConfidenceInterval? Interval, int Images, int OnlyA, int OnlyB)
{
    /// <summary>The second less the first.</summary>
    public double Difference => B - A;

    /// <summary>Whether the difference is more than the choice of images explains.</summary>
    public bool ExcludesZero => Interval is { } interval && interval.Excludes(0);
}
