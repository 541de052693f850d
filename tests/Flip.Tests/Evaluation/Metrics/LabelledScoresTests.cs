using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Metrics;

public class LabelledScoresTests
{
    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "∞")]
    [InlineData(float.NegativeInfinity, "-∞")]
    public void A_score_that_is_not_finite_is_an_error_that_names_the_image(float odd, string shown)
    {
        var error = Assert.Throws<ArithmeticException>(() => new LabelledScores([0, 1, 2, odd], 2, [[0], [1]], ["a.jpg", "b.jpg"]));
        Assert.Contains("'b.jpg'", error.Message, StringComparison.Ordinal);
        Assert.Contains("class 1", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Contains(shown, StringComparison.Ordinal) || error.Message.Contains("Infinity", StringComparison.Ordinal), error.Message);
        Assert.Equal(typeof(ArithmeticException), error.GetType()); // which the command tells in one line
    }

    [Fact]
    public void The_largest_numbers_are_scores()
    {
        Assert.Equal(1, new LabelledScores([float.MinValue, float.MaxValue], 2, [[1]]).FirstRight(0).Rank);
    }

    [Fact]
    public void Labels_that_are_none_are_refused()
    {
        Refused("Image 1 has the label 2, but there are 2 classes: 0 to 1.", [[0], [2]]);
        Refused("Image 0 has the label -1, but", [[-1], [0]]);
        Refused("Image 1 has no label.", [[0], []]);
        Refused("Image 0 has the label 1 twice.", [[1, 0, 1], [0]]);
        Assert.Throws<ConfigException>(() => new LabelledScores([], 2, []));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new LabelledScores(new float[3], 2, [[0], [1]]));
        Assert.Throws<ArgumentException>(() => new LabelledScores(new float[4], 2, [[0], [1]], ["a"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LabelledScores([], 0, []));
    }

    private static void Refused(string message, int[][] labels) =>
        Assert.StartsWith(message, Assert.Throws<ConfigException>(() => new LabelledScores(new float[4], 2, labels)).Message, StringComparison.Ordinal);
}
