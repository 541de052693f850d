using Flip.Tasks.Studies;

namespace Flip.Tests.Tasks.Studies;

public class SpreadTests
{
    [Fact]
    public void The_deviation_is_that_of_a_sample()
    {
        var spread = Spread.Of([1, 2, 3, 4]);
        Assert.Equal((4, 2.5), (spread.Count, spread.Mean));
        Assert.Equal(Math.Sqrt(5.0 / 3), spread.Deviation!.Value, 12); // 2.25 + 0.25 + 0.25 + 2.25 over 3
        Assert.Equal("2.5 ± 1.3", spread.ToString());
    }

    [Fact]
    public void One_seed_is_a_score_without_a_deviation()
    {
        var spread = Spread.Of([12.34]);
        Assert.Null(spread.Deviation);
        Assert.Equal("12.3", spread.ToString());
    }

    [Fact]
    public void A_share_is_written_as_a_percentage() => Assert.Equal("12.50 ± 0.28", Spread.Of([0.123, 0.127]).ToText(100, 2));

    [Fact]
    public void No_seed_is_no_spread() => Assert.Throws<ArgumentOutOfRangeException>(() => Spread.Of([]));

    [Theory]
    [InlineData(3, 7)]
    [InlineData(-2, 0.5)]
    public void Scores_that_are_moved_and_stretched_move_and_stretch_their_spread(double shift, double factor)
    {
        double[] scores = [0.3, 0.9, 0.4, 0.25, 0.7];
        var (spread, moved) = (Spread.Of(scores), Spread.Of([.. scores.Select(score => shift + (factor * score))]));
        Assert.Equal(shift + (factor * spread.Mean), moved.Mean, 12);
        Assert.Equal(factor * spread.Deviation!.Value, moved.Deviation!.Value, 12);
    }
}
