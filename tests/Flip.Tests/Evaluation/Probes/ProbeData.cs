using Flip.Evaluation.Features;
using Flip.Evaluation.Outcomes;
using Flip.Randomness;

namespace Flip.Tests.Evaluation.Probes;

/// <summary>Features that are a mean of their class and noise.</summary>
internal static class ProbeData
{
    /// <param name="perClass">Images of each class.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="dim">Width of the features.</param>
    /// <param name="noise">Standard deviation of the noise; the means' is 1.</param>
    /// <param name="draw">Which images; the means are the same.</param>
    public static LabelledFeatures Clusters(int perClass, int classes, int dim, double noise, int draw)
    {
        var means = Normal(classes * dim, 0, 0);
        var labels = Enumerable.Range(0, perClass * classes).Select(i => i % classes).ToArray();
        var values = Normal(labels.Length * dim, 1, draw);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * (float)noise) + means[(labels[i / dim] * dim) + (i % dim)];
        }

        return new(values, dim, labels, [.. labels.Select((_, i) => $"image {i}")], Names(classes));
    }

    /// <summary>Names of classes.</summary>
    public static string[] Names(int classes) => [.. Enumerable.Range(0, classes).Select(label => $"class {label}")];

    /// <summary>All scores of an outcome that kept them, <c>[images, classes]</c>.</summary>
    public static float[] Scores(ClassificationOutcome outcome) => [.. outcome.Predictions.SelectMany(image => image.Scores!)];

    private static float[] Normal(int count, long item, int draw)
    {
        var random = new CounterRandom(5, RandomPurpose.Evaluation, draw, item);
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = (float)random.NextNormal();
        }

        return values;
    }
}
