using Flip.Evaluation.Features;

namespace Flip.Evaluation.Probes;

/// <summary>What is done to features before a logistic regression. The classifier it gives reads features as they are all the same.</summary>
public enum FeatureScaling
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>One factor that brings the mean variance of the features to 1. It changes nothing but the unit of λ, which means the same
    /// then for embeddings of length 1 and for features of any size.</summary>
    Common,

    /// <summary>Each feature to standard deviation 1.</summary>
    Standardize,
}

/// <summary>A scaling with its numbers: feature j becomes (x - Mean[j]) · Factor[j].</summary>
/// <param name="Mean">Taken from each feature, <c>[dim]</c>.</param>
/// <param name="Factor">What it is multiplied by then, <c>[dim]</c>.</param>
internal sealed record ScaledFeatures(double[] Mean, double[] Factor)
{
    /// <summary>The scaling of a training set. The mean is always taken off: since biases are free, that moves no minimum.</summary>
    public static ScaledFeatures Of(LabelledFeatures features, FeatureScaling scaling)
    {
        var mean = Averages(features, new double[features.Dim], power: 1);
        var variances = Averages(features, mean, power: 2);
        var common = variances.Average();
        return new(mean, Array.ConvertAll(variances, variance => scaling switch
        {
            FeatureScaling.Standardize => Inverse(variance),
            FeatureScaling.Common => Inverse(common),
            _ => 1,
        }));
    }

    // A feature that never changes stays as it is: 0.
    private static double Inverse(double variance) => variance > 0 ? 1 / Math.Sqrt(variance) : 1;

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
