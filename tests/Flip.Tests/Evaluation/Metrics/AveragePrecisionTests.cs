using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Metrics;

public class AveragePrecisionTests
{
    [Fact]
    public void Average_precisions_are_summed_by_hand()
    {
        // Right, wrong, right, wrong, wrong: precision 1 at recall 1/2, 2/3 at recall 1.
        float[] scores = [5, 4, 3, 2, 1];
        bool[] isRight = [true, false, true, false, false];
        Assert.Equal((0.5 * 1) + (0.5 * 2 / 3), new AveragePrecisionStatistic(scores, isRight, elevenPoint: false).Value(), 14);

        // Recalls 0 to 0.5 are six points of precision 1, the other five have 2/3.
        Assert.Equal((6 + (5 * 2 / 3.0)) / 11, new AveragePrecisionStatistic(scores, isRight, elevenPoint: true).Value(), 14);
    }

    [Fact]
    public void A_recall_of_a_point_exactly_reaches_the_point()
    {
        // Ten right images, all first but the last: nine at precision 1, the tenth at 10/20. Points 0 to 0.9 have 1.
        float[] scores = [.. Enumerable.Range(0, 20).Select(place => 20f - place)];
        bool[] isRight = [.. Enumerable.Range(0, 20).Select(place => place is < 9 or 19)];
        Assert.Equal((10 + 0.5) / 11, new AveragePrecisionStatistic(scores, isRight, elevenPoint: true).Value(), 14);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_perfect_order_has_1_and_equal_scores_have_the_share_of_right_images(bool elevenPoint)
    {
        bool[] isRight = [true, false, false, true, false];
        Assert.Equal(1, new AveragePrecisionStatistic([2, 0, 1, 3, 1], isRight, elevenPoint).Value(), 14);
        Assert.Equal(0.4, new AveragePrecisionStatistic(new float[5], isRight, elevenPoint).Value(), 14);
        Assert.Equal(double.NaN, new AveragePrecisionStatistic(new float[5], new bool[5], elevenPoint).Value());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Neither_a_rising_function_of_the_scores_nor_the_order_of_the_images_matters(bool elevenPoint)
    {
        var (scores, labels) = RandomScores.Draw(70, 5, levels: 12, several: true); // with ties
        var plain = new LabelledScores(scores, 5, labels);
        var bent = new LabelledScores([.. scores.Select(score => (score * score * score) - 4)], 5, labels);
        var shuffled = RandomScores.Take(plain, Enumerable.Range(0, 70).Select(image => image * 31 % 70));
        var expected = AveragePrecision.PerClass(plain, elevenPoint);
        Assert.Equal(expected, AveragePrecision.PerClass(bent, elevenPoint));
        Assert.Equal(expected, AveragePrecision.PerClass(shuffled, elevenPoint));
    }

    [Fact]
    public void Interpolation_never_lowers_what_a_step_function_has()
    {
        // At 11 images the points are the steps, except that the first counts twice.
        var (scores, labels) = RandomScores.Draw(200, 4);
        var labelled = new LabelledScores(scores, 4, labels);
        var (plain, interpolated) = (AveragePrecision.PerClass(labelled, false), AveragePrecision.PerClass(labelled, true));
        Assert.All(plain.Zip(interpolated), pair => Assert.InRange(pair.Second, pair.First - 0.05, pair.First + 0.15));
    }
}
