using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Probes;

/// <summary>What a classifier says of labelled images: all that a metric needs.</summary>
/// <param name="Keys">Name of each image, <c>[images]</c>.</param>
/// <param name="Labels">Right class of each image, <c>[images]</c>.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Scores">The higher, the likelier; only their order within a row has a meaning: <c>[images, Classes]</c>.</param>
public sealed record ScoredImages(IReadOnlyList<string> Keys, int[] Labels, int Classes, float[] Scores)
{
    private int[]? _ranks;

    /// <summary>Classes before the right one of each image, 0 for a hit; equals count in the order of the classes.</summary>
    public IReadOnlyList<int> Ranks => _ranks ??=
        [.. Labels.Select((label, image) => Ranking.Before(Scores.AsSpan(image * Classes, Classes), label))];

    private List<int> Places => [.. Ranks.Select(rank => rank + 1)];

    /// <summary>Share of images whose right class is among the first <paramref name="k"/>.</summary>
    public double TopK(int k) => Accuracy.TopK(Places, k).Value();

    /// <summary>Mean accuracy over the classes that have images.</summary>
    public double MeanPerClass() => Accuracy.MeanPerClass([.. Labels.Select(label => new[] { label })], Classes, Places).Value();

    /// <summary>Mean cross-entropy of the right classes, where the scores are logits.</summary>
    public double CrossEntropy()
    {
        var sum = 0.0;
        for (var image = 0; image < Labels.Length; image++)
        {
            var row = Scores.AsSpan(image * Classes, Classes);
            double most = row[Ranking.Best(row)];
            var total = 0.0;
            foreach (var score in row)
            {
                total += Math.Exp(score - most);
            }

            sum += Math.Log(total) + most - row[Labels[image]];
        }

        return sum / Labels.Length;
    }
}
