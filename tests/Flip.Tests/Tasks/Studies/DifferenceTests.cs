using Flip.Tasks.Studies;

namespace Flip.Tests.Tasks.Studies;

public class DifferenceTests
{
    [Theory]
    [InlineData(3, 5, Verdict.None)] // 2 ± 1.41
    [InlineData(10, 12, Verdict.Higher)] // 9
    [InlineData(-8, -6, Verdict.Lower)] // -9
    public void A_difference_within_two_standard_errors_is_none(double first, double second, Verdict verdict)
    {
        // Both variances are 2, so is the pooled one: the error is √(2 · (1/2 + 1/2)).
        var difference = Difference.Of(Spread.Of([first, second]), Spread.Of([1, 3]));
        Assert.Equal(Math.Sqrt(2), difference.StandardError!.Value, 12);
        Assert.Equal(((first + second) / 2) - 2, difference.Mean, 12);
        Assert.Equal((verdict, false), (difference.Verdict, difference.IsPaired));
    }

    [Fact]
    public void Exactly_two_standard_errors_are_none() => Assert.Equal(
        [Verdict.None, Verdict.Higher, Verdict.None, Verdict.Lower],
        new[] { 2.0, 2.0001, -2, -2.0001 }.Select(mean => new Difference(mean, 1, false).Verdict));

    [Fact]
    public void With_one_seed_each_nothing_is_known()
    {
        var difference = Difference.Of(Spread.Of([50]), Spread.Of([1]));
        Assert.Equal((49, null, Verdict.Unknown), (difference.Mean, difference.StandardError, difference.Verdict));
        Assert.Equal(Verdict.Unknown, Difference.Of(Seeds((1, 50)), Seeds((1, 1))).Verdict);
    }

    [Fact]
    public void A_single_seed_is_taken_to_vary_as_the_other_setting_does()
    {
        var difference = Difference.Of(Spread.Of([5]), Spread.Of([1, 2, 3])); // √(1 · (1 + 1/3)) = 1.155
        Assert.Equal(Math.Sqrt(4.0 / 3), difference.StandardError!.Value, 12);
        Assert.Equal(Verdict.Higher, difference.Verdict);
        Assert.Equal(Verdict.None, Difference.Of(Spread.Of([4.3]), Spread.Of([1, 2, 3])).Verdict);
    }

    [Fact]
    public void More_seeds_pool_with_their_weight()
    {
        // Squares 8 and 2 over 2 + 1 degrees: 10/3; times 1/3 + 1/2.
        var difference = Difference.Of(Spread.Of([1, 3, 5]), Spread.Of([0, 2]));
        Assert.Equal(Math.Sqrt(10.0 / 3 * 5 / 6), difference.StandardError!.Value, 12);
    }

    [Fact]
    public void What_a_seed_does_to_both_settings_is_no_noise()
    {
        // 1, 1, 2: mean 4/3, deviation 1/√3, over √3.
        var difference = Difference.Of(Seeds((1, 11), (2, 21), (3, 32)), Seeds((3, 30), (2, 20), (1, 10)));
        Assert.Equal(4.0 / 3, difference.Mean, 12);
        Assert.Equal(1.0 / 3, difference.StandardError!.Value, 12);
        Assert.Equal((Verdict.Higher, true), (difference.Verdict, difference.IsPaired));
        Assert.Equal(Verdict.None, Difference.Of(Spread.Of([11, 21, 32]), Spread.Of([10, 20, 30])).Verdict);
    }

    [Fact]
    public void Two_common_seeds_or_seeds_that_are_not_the_same_are_not_paired()
    {
        Assert.False(Difference.Of(Seeds((1, 11), (2, 21)), Seeds((1, 10), (2, 20))).IsPaired);
        Assert.False(Difference.Of(Seeds((1, 11), (2, 21), (3, 31)), Seeds((1, 10), (2, 20), (4, 30))).IsPaired);
        Assert.False(Difference.Of(Seeds((1, 11), (2, 21), (3, 31)), Seeds((1, 10), (2, 20))).IsPaired);
    }

    [Fact]
    public void Turned_around_the_difference_has_the_other_sign_and_the_same_noise()
    {
        var (a, b) = (Spread.Of([0.4, 0.5, 0.45]), Spread.Of([0.6, 0.7]));
        var (there, back) = (Difference.Of(a, b), Difference.Of(b, a));
        Assert.Equal((-there.Mean, there.StandardError), (back.Mean, back.StandardError));
        Assert.Equal((Verdict.Lower, Verdict.Higher), (there.Verdict, back.Verdict));
    }

    private static Dictionary<long, double> Seeds(params (long Seed, double Score)[] scores) => scores.ToDictionary(score => score.Seed, score => score.Score);
}
