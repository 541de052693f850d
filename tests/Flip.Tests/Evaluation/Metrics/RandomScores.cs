using Flip.Evaluation.Metrics;
using Flip.Randomness;

namespace Flip.Tests.Evaluation.Metrics;

/// <summary>Scores with some signal, the same for the same arguments.</summary>
internal static class RandomScores
{
    /// <param name="images">Number of images.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="levels">Values that a score can take; few make ties.</param>
    /// <param name="several">Whether an image may have two right classes.</param>
    /// <param name="item">Which draw.</param>
    public static (float[] Scores, int[][] Labels) Draw(int images, int classes, int levels = 1 << 20, bool several = false, int item = 0)
    {
        var random = new CounterRandom(3, RandomPurpose.Evaluation, images, (item * 1000) + classes);
        var scores = new float[images * classes];
        var labels = new int[images][];
        for (var image = 0; image < images; image++)
        {
            var label = random.NextInt(classes);
            var other = random.NextInt(classes);
            labels[image] = several && other != label ? [label, other] : [label];
            for (var c = 0; c < classes; c++)
            {
                scores[(image * classes) + c] = (random.NextInt(levels) + (c == label ? levels / 3 : 0)) / (float)levels;
            }
        }

        return (scores, labels);
    }

    public static LabelledScores Labelled(int images, int classes, int levels = 1 << 20, bool several = false, int item = 0)
    {
        var (scores, labels) = Draw(images, classes, levels, several, item);
        return new(scores, classes, labels);
    }

    /// <summary>The images of a source in another order, or some several times.</summary>
    public static LabelledScores Take(LabelledScores scores, IEnumerable<int> images)
    {
        var taken = images.ToList();
        return new([.. taken.SelectMany(image => scores.Row(image).ToArray())], scores.Classes, [.. taken.Select(image => scores.Labels[image])]);
    }
}
