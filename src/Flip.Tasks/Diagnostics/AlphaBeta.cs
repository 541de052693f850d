namespace Flip.Tasks.Diagnostics;

/// <summary>
/// The two constants of an operation: it takes <paramref name="Alpha"/> seconds, and <paramref name="Beta"/> more for each byte that a rank sends.
/// Those bytes are the fewest possible ones: of n bytes on W ranks 2·n·(W - 1)/W for an all-reduce, n·(W - 1)/W for an all-gather and a reduce-scatter, n
/// for a shift.
/// </summary>
/// <param name="Operation">The operation.</param>
/// <param name="Alpha">Latency in seconds, of all messages of the operation together.</param>
/// <param name="Beta">Seconds a byte: the inverse of the bandwidth.</param>
/// <param name="WorstError">The largest difference between a shortest time and the two constants', as a share of the measured one.</param>
public sealed record AlphaBeta(string Operation, double Alpha, double Beta, double WorstError)
{
    /// <summary>Bytes a second; null where the times do not grow with the bytes, and so do not tell it.</summary>
    public double? Bandwidth => Beta > 0 ? 1 / Beta : null;

    /// <summary>The time of so many sent bytes, in seconds.</summary>
    public double Seconds(double sentBytes) => Alpha + (Beta * sentBytes);

    /// <summary>Fits the constants to the shortest times of one operation: the least squares of relative errors, so that small sizes count as large ones do. What else
    /// a machine does only adds to a time, so the shortest round is the one that tells of the network.</summary>
    /// <param name="times">At least two, of different sizes.</param>
    public static AlphaBeta Fit(IReadOnlyList<CollectiveTime> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        ArgumentOutOfRangeException.ThrowIfLessThan(times.Count, 2);

        // In u = 1/t and v = x/t the model a + b·x = t reads a·u + b·v = 1.
        var (uu, uv, vv, u, v) = (0.0, 0.0, 0.0, 0.0, 0.0);
        foreach (var time in times)
        {
            var (a, b) = (1 / time.BestSeconds, time.SentBytes / time.BestSeconds);
            (uu, uv, vv, u, v) = (uu + (a * a), uv + (a * b), vv + (b * b), u + a, v + b);
        }

        var determinant = (uu * vv) - (uv * uv);
        var (alpha, beta) = (((u * vv) - (v * uv)) / determinant, ((v * uu) - (u * uv)) / determinant);
        (alpha, beta) = alpha < 0 ? (0, v / vv) : beta < 0 ? (u / uu, 0) : (alpha, beta); // neither is less than nothing
        var fitted = new AlphaBeta(times[0].Operation, alpha, beta, 0);
        return fitted with { WorstError = times.Max(time => Math.Abs(fitted.Seconds(time.SentBytes) - time.BestSeconds) / time.BestSeconds) };
    }
}
