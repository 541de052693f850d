using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a model made of a data set, image by image; every number follows from it.</summary>
public abstract class EvaluationOutcome
{
    /// <summary>The images in their order.</summary>
    public abstract IReadOnlyList<IPrediction> Images { get; }

    /// <summary>A metric as a function of how often each image counts.</summary>
    /// <exception cref="ConfigException">The metric is not one of such data, or not defined on it.</exception>
    public abstract Statistic Statistic(Metric metric);

    /// <summary>A metric, between 0 and 1.</summary>
    /// <exception cref="ConfigException">See <see cref="Statistic"/>.</exception>
    public double Value(Metric metric) => Statistic(metric).Value();

    /// <summary>What a random order of the answers reaches; in mAP and ROC-AUC, what equal scores reach.</summary>
    public abstract double Chance(Metric metric);

    /// <summary>What a random order reaches in those of <see cref="Measures"/> of which it is known.</summary>
    public abstract IReadOnlyDictionary<string, double> Chances();

    /// <summary>All metrics that can be had, by name; shares between 0 and 1.</summary>
    public abstract IReadOnlyDictionary<string, double> Measures();

    /// <summary>What a reader should know beside the number.</summary>
    public abstract IReadOnlyList<string> Notes(Metric metric);

    /// <summary>Refuses what cannot be paired by key.</summary>
    /// <exception cref="ConfigException">There are no images, or a key stands there twice.</exception>
    private protected static void CheckKeys(IEnumerable<IPrediction> images)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            if (!keys.Add(image.Key))
            {
                throw new ConfigException($"Two images have the key '{image.Key}'.");
            }
        }

        if (keys.Count == 0)
        {
            throw new ConfigException("There are no images to score.");
        }
    }
}
