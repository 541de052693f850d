namespace Flip.Data.Inspection;

/// <summary>How some numbers are distributed.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Least">The smallest.</param>
/// <param name="Low">5 of 100 are at most this.</param>
/// <param name="Median">Half are at most this.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="High">95 of 100 are at most this.</param>
/// <param name="Most">The largest.</param>
/// <param name="Bins">A histogram between the smallest and the largest.</param>
public sealed record Distribution(
    long Count, double Least, double Low, double Median, double Mean, double High, double Most, IReadOnlyList<DistributionBin> Bins)
{
    private const int MostBins = 20;
    private static readonly double[] Steps = [1, 2, 5, 10];

    /// <summary>That of some numbers; null where there are none.</summary>
    /// <param name="values">The numbers, finite, in any order.</param>
    public static Distribution? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
        {
            return null;
        }

        double At(double share) => sorted[(int)Math.Clamp(Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        return new Distribution(sorted.Length, sorted[0], At(0.05), At(0.5), sorted.Average(), At(0.95), sorted[^1], BinsOf(sorted));
    }

    /// <summary>Bins of one width that is 1, 2 or 5 times a power of ten; the first begins at a multiple of it.</summary>
    private static List<DistributionBin> BinsOf(double[] sorted)
    {
        var width = WidthFor(sorted[^1] - sorted[0]);
        var (bins, first, next) = (new List<DistributionBin>(), Math.Floor(sorted[0] / width), 0);
        for (var bin = 0; next < sorted.Length; bin++)
        {
            var (from, end, count) = ((first + bin) * width, (first + bin + 1) * width, 0L);
            for (; next < sorted.Length && sorted[next] < end; next++)
            {
                count++;
            }

            bins.Add(new DistributionBin(from, end, count));
        }

        return bins;
    }

    private static double WidthFor(double range)
    {
        if (range <= 0)
        {
            return 1;
        }

        var power = Math.Pow(10, Math.Floor(Math.Log10(range / MostBins)));
        return Steps.Select(step => step * power).First(width => range / width <= MostBins);
    }
}

/// <summary>A bin of a histogram.</summary>
/// <param name="From">Where it begins, itself included.</param>
/// <param name="End">Where it ends, itself not included.</param>
/// <param name="Count">Numbers in it.</param>
public sealed record DistributionBin(double From, double End, long Count);
