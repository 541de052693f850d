namespace Flip.Evaluation.Probes;

/// <summary>How a λ fared on the validation images.</summary>
/// <param name="Lambda">The factor λ.</param>
/// <param name="Accuracy">Share of images classified right.</param>
/// <param name="CrossEntropy">Mean cross-entropy; decides between equal accuracies.</param>
public sealed record SweepPoint(double Lambda, double Accuracy, double CrossEntropy);

/// <summary>
/// CLIP's search for the regulariser (CLIP, appendix A.3): λ on 96 logarithmic steps from 1e-6 to 1e6, by a parametric binary search that
/// begins with 1e-6, 1e-4 ... 1e6 and halves the interval around the best until it has single steps, eight a decade.
/// </summary>
public static class RegularizerSweep
{
    private const int Steps = 96;
    private const int StepsPerDecade = 8;
    private const int FirstStride = 16;
    private const int LowestExponent = -6;

    /// <summary>Smallest λ of the range.</summary>
    public static double Lowest => Lambda(0);

    /// <summary>Largest λ of the range.</summary>
    public static double Highest => Lambda(Steps);

    /// <summary>Searches.</summary>
    /// <param name="measure">Measures a λ. It is told the nearest λ measured before, or null.</param>
    /// <returns>The best λ; the larger of equals. And all that were measured, in their order.</returns>
    public static (SweepPoint Best, IReadOnlyList<SweepPoint> Points) Search(Func<double, double?, SweepPoint> measure)
    {
        var measured = new Dictionary<int, SweepPoint>();

        // From strong to weak: where one fit starts at the end of another, the path is short.
        for (var step = Steps; step >= 0; step -= FirstStride)
        {
            Measure(step);
        }

        for (var stride = FirstStride / 2; stride >= 1; stride /= 2)
        {
            var best = Best();
            Measure(best + stride);
            Measure(best - stride);
        }

        return (measured[Best()], [.. measured.Values]);

        int Best() => measured.OrderByDescending(point => point.Value.Accuracy)
            .ThenBy(point => point.Value.CrossEntropy)
            .ThenByDescending(point => point.Key)
            .First().Key;

        void Measure(int step)
        {
            if (step is >= 0 and <= Steps)
            {
                double? nearest = measured.Count > 0 ? Lambda(measured.Keys.MinBy(other => Math.Abs(other - step))) : null;
                measured[step] = measure(Lambda(step), nearest);
            }
        }
    }

    private static double Lambda(int step) => Math.Pow(10, LowestExponent + ((double)step / StepsPerDecade));
}
