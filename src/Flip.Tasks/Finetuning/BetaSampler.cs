using Flip.Randomness;

namespace Flip.Tasks.Finetuning;

/// <summary>Beta(α, α) from a counter-based generator: X / (X + Y) of two gamma variates (Marsaglia and Tsang, 2000).</summary>
internal static class BetaSampler
{
    /// <param name="alpha">Both parameters, above 0.</param>
    /// <param name="random">Moves on.</param>
    /// <returns>In [0, 1].</returns>
    public static double Next(double alpha, ref CounterRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alpha);

        // As logarithms: for a small α both variates underflow.
        var (x, y) = (NextLogGamma(alpha, ref random), NextLogGamma(alpha, ref random));
        return 1 / (1 + Math.Exp(y - x));
    }

    private static double NextLogGamma(double shape, ref CounterRandom random)
    {
        if (shape < 1)
        {
            // Gamma(a) is Gamma(a + 1) · U^(1/a).
            return NextLogGamma(shape + 1, ref random) + (Math.Log(1 - random.NextDouble()) / shape);
        }

        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = random.NextNormal();
            var v = 1 + (c * normal);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < (0.5 * normal * normal) + d - (d * v) + (d * Math.Log(v)))
            {
                return Math.Log(d * v);
            }
        }
    }
}
