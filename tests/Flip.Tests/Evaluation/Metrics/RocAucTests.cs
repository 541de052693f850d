using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Metrics;

public class RocAucTests
{
    [Fact]
    public void The_area_is_counted_by_hand()
    {
        // Pairs of a positive and a negative: 3 > 2, 3 > 1, 2 = 2, 2 > 1.
        Assert.Equal(3.5 / 4, RocAuc.Of([3, 2, 2, 1], [true, true, false, false]));
        Assert.Equal(0, RocAuc.Of([0, 1], [true, false]));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1 << 20)]
    public void The_area_is_the_share_of_pairs_in_order(int levels)
    {
        var scores = RandomScores.Labelled(90, 2, levels);
        double sum = 0, pairs = 0;
        for (var p = 0; p < 90; p++)
        {
            for (var n = 0; n < 90; n++)
            {
                if (scores.Labels[p][0] == 1 && scores.Labels[n][0] == 0)
                {
                    var (high, low) = (scores.Row(p)[1] - scores.Row(p)[0], scores.Row(n)[1] - scores.Row(n)[0]);
                    sum += high > low ? 1 : high == low ? 0.5 : 0;
                    pairs++;
                }
            }
        }

        Assert.Equal(sum / pairs, RocAuc.Of(scores), 14);
    }

    [Fact]
    public void Rising_functions_and_orders_do_not_matter_and_falling_ones_turn_it_round()
    {
        double[] scores = [.. RandomScores.Draw(50, 1, levels: 9).Scores.Select(score => (double)score)];
        bool[] isPositive = [.. Enumerable.Range(0, 50).Select(image => image % 3 == 0)];
        var area = RocAuc.Of(scores, isPositive);
        Assert.Equal(area, RocAuc.Of([.. scores.Select(Math.Exp)], isPositive));
        Assert.Equal(1 - area, RocAuc.Of([.. scores.Select(score => -score)], isPositive), 14);
        Assert.Equal(1 - area, RocAuc.Of(scores, [.. isPositive.Select(positive => !positive)]), 14);
        Assert.Equal(area, RocAuc.Of([.. scores.Reverse()], [.. isPositive.Reverse()]));
    }

    [Fact]
    public void What_has_no_area_is_refused()
    {
        Refused("ROC-AUC needs images of both classes; all 2 are of class 1.", new(new float[4], 2, [[1], [1]]));
        Refused("ROC-AUC is of two classes, and there are 3.", new(new float[6], 3, [[0], [1]]));
        Refused("ROC-AUC needs one right class for each image, and image 1 has both.", new(new float[4], 2, [[0], [1, 0]]));
        Assert.Throws<ConfigException>(() => RocAuc.Of([1, 2], [false, false]));
        Assert.Throws<ArithmeticException>(() => RocAuc.Of([1, double.NaN], [false, true]));
        Assert.Throws<ArgumentException>(() => new RocAucStatistic([1], [false, true]));
    }

    private static void Refused(string message, LabelledScores scores) =>
        Assert.Equal(message, Assert.Throws<ConfigException>(() => RocAuc.Of(scores)).Message);
}
