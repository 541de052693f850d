namespace Flip.Evaluation.Probes;

/// <summary>What is done to features before a logistic regression. The classifier it gives reads features as they are all the same.</summary>
public enum FeatureScaling
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One factor that brings the root mean square of all features to 1. It changes nothing but the unit of λ, which means the same
    /// then for embeddings of length 1 and for features of any size.</summary>
    RootMeanSquare,

    /// <summary>Each feature to mean 0 and standard deviation 1.</summary>
    Standardize,
}

/// <summary>A scaling with its numbers: feature j becomes (x - Mean[j]) · Factor[j].</summary>
/// <param name="Mean">Taken from each feature, <c>[dim]</c>.</param>
/// <param name="Factor">What it is multiplied by then, <c>[dim]</c>.</param>
internal sealed record ScaledFeatures(double[] Mean, double[] Factor)
{
    /// <summary>The scaling of a training set.</summary>
    public static ScaledFeatures Of(LabelledFeatures features, FeatureScaling scaling)
    {
        var zero = new double[features.Dim];
        var mean = scaling == FeatureScaling.Standardize ? Averages(features, zero, power: 1) : zero;
        var squares = Averages(features, mean, power: 2);
        var all = squares.Average();
        return new(mean, Array.ConvertAll(squares, square => scaling switch
        {
            FeatureScaling.Standardize => Inverse(square),
            FeatureScaling.RootMeanSquare => Inverse(all),
            _ => 1,
        }));
    }

    // A feature that never changes stays as it is: 0.
    private static double Inverse(double square) => square > 0 ? 1 / Math.Sqrt(square) : 1;

    /// <summary>Mean of (x - mean) to a power, of each feature.</summary>
    private static double[] Averages(LabelledFeatures features, double[] mean, int power)
    {
        var sums = new double[features.Dim];
        for (var i = 0; i < features.Count; i++)
        {
            var row = features.Values.AsSpan(i * features.Dim, features.Dim);
            for (var j = 0; j < row.Length; j++)
            {
                var centred = row[j] - mean[j];
                sums[j] += power == 1 ? centred : centred * centred;
            }
        }

        return Array.ConvertAll(sums, sum => sum / features.Count);
    }
}
