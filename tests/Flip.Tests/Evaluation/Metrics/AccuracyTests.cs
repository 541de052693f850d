using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Metrics;

public class AccuracyTests
{
    // Ranks of the right classes: 1; 2; 1, by its second label; 3.
    private static readonly float[] Scores =
    [
        0.9f, 0.1f, 0.2f,
        0.5f, 0.8f, 0.3f,
        0.1f, 0.2f, 0.3f,
        0.7f, 0.6f, 0.5f,
    ];

    private static readonly int[][] Labels = [[0], [0], [1, 2], [2]];

    private static LabelledScores Small => new(Scores, 3, Labels);

    [Fact]
    public void Accuracies_are_counted_by_hand()
    {
        Assert.Equal(2 / 4.0, Accuracy.TopK(Small, 1));
        Assert.Equal(3 / 4.0, Accuracy.TopK(Small, 2));
        Assert.Equal(1, Accuracy.TopK(Small, 3));

        // Class 0 has 1 of 2, class 1 has 1 of 1 (the hit by the image's other label), class 2 has 1 of 2.
        Assert.Equal(new ClassMean(2 / 3.0, 3, 0), Accuracy.MeanPerClass(Small));
    }

    [Fact]
    public void Top_5_of_fewer_classes_is_always_reached()
    {
        Assert.Equal(1, Accuracy.TopK(Small, 5));
        Assert.Equal(0.75, Accuracy.MeanTop1Top5(Small));
    }

    [Fact]
    public void Of_equal_scores_the_first_class_counts_as_the_higher()
    {
        var equal = new LabelledScores(new float[9], 3, [[0], [1], [2]]);
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(image => equal.FirstRight(image).Rank));
        Assert.Equal((1, 2), new LabelledScores(new float[3], 3, [[2, 1]]).FirstRight(0));
    }

    [Fact]
    public void Classes_without_images_are_left_out_and_counted()
    {
        Assert.Equal(new ClassMean(1, 1, 4), Accuracy.MeanPerClass(new([0, 0, 1, 0, 0], 5, [[2]])));
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(4, true)]
    public void Neither_a_rising_function_of_the_scores_nor_the_order_of_the_images_matters(int classes, bool several)
    {
        var (scores, labels) = RandomScores.Draw(80, classes, levels: 40, several);
        var plain = new LabelledScores(scores, classes, labels);
        var bent = new LabelledScores([.. scores.Select(score => MathF.Exp(3 * score) - 5)], classes, labels);
        var shuffled = RandomScores.Take(plain, Enumerable.Range(0, 80).Select(image => image * 37 % 80));
        foreach (var other in (LabelledScores[])[bent, shuffled])
        {
            Assert.Equal(Accuracy.TopK(plain, 1), Accuracy.TopK(other, 1));
            Assert.Equal(Accuracy.TopK(plain, 3), Accuracy.TopK(other, 3));
            Assert.Equal(Accuracy.MeanPerClass(plain).Value, Accuracy.MeanPerClass(other).Value, 14);
        }
    }

    [Fact]
    public void More_classes_counted_are_never_fewer_hits()
    {
        var scores = RandomScores.Labelled(60, 9, levels: 5);
        var values = Enumerable.Range(1, 10).Select(k => Accuracy.TopK(scores, k)).ToList();
        Assert.Equal(values.Order(), values);
        Assert.Equal(1, values[8]);
    }

    [Fact]
    public void Of_one_label_each_and_as_many_images_each_the_mean_per_class_is_top_1()
    {
        var (scores, _) = RandomScores.Draw(60, 6);
        var balanced = new LabelledScores(scores, 6, [.. Enumerable.Range(0, 60).Select(image => new[] { image % 6 })]);
        Assert.Equal(Accuracy.TopK(balanced, 1), Accuracy.MeanPerClass(balanced).Value, 14);
    }
}
