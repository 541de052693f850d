using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.ZeroShot;

/// <summary>What a classifier made of labelled images, image by image; the usual figures follow from it.</summary>
/// <param name="ClassNames">Names in the order of the labels.</param>
/// <param name="Labels">Right class of each image.</param>
/// <param name="Predictions">Class with the highest score; the first of equals.</param>
/// <param name="Ranks">Classes before the right one, 0 for a hit; equals count in the order of the classes.</param>
public sealed record ZeroShotResult(
    IReadOnlyList<string> ClassNames, IReadOnlyList<int> Labels, IReadOnlyList<int> Predictions, IReadOnlyList<int> Ranks)
{
    /// <summary>Share of images whose right class is among the first <paramref name="k"/>; 1 if there are no more classes than k.</summary>
    public double TopK(int k) => (double)Ranks.Count(rank => rank < k) / Ranks.Count;

    /// <summary><see cref="TopK"/> of a random order of the classes.</summary>
    public double Chance(int k) => (double)Math.Min(k, ClassNames.Count) / ClassNames.Count;

    /// <summary>Images and hits of each class, in the order of the labels.</summary>
    public IReadOnlyList<ClassScore> PerClass()
    {
        var images = new int[ClassNames.Count];
        var hits = new int[ClassNames.Count];
        for (var i = 0; i < Labels.Count; i++)
        {
            images[Labels[i]]++;
            hits[Labels[i]] += Predictions[i] == Labels[i] ? 1 : 0;
        }

        return [.. ClassNames.Select((name, c) => new ClassScore(name, images[c], hits[c]))];
    }

    /// <summary>Mean accuracy over the classes that have images.</summary>
    public double MeanPerClass() => PerClass().Where(score => score.Images > 0).Average(score => score.Accuracy!.Value);

    /// <summary>Images by right class (row) and predicted class (column), <c>[classes, classes]</c>.</summary>
    public int[,] Confusion()
    {
        var counts = new int[ClassNames.Count, ClassNames.Count];
        for (var i = 0; i < Labels.Count; i++)
        {
            counts[Labels[i], Predictions[i]]++;
        }

        return counts;
    }
}
