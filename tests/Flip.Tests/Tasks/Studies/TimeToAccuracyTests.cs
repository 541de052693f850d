using Flip.Tasks.Studies;

namespace Flip.Tests.Tasks.Studies;

public class TimeToAccuracyTests
{
    [Fact]
    public void A_curve_that_is_three_times_sooner_everywhere_says_three_wherever_it_has_the_score()
    {
        // A doubling of the time is a point; the other has log2(3 t), from 1 to 16 s, so it ends at the baseline's 48 s.
        var lengths = TimeToAccuracy.Of(Curve(Math.Log2, 1, 2, 4, 8, 32, 64), Curve(time => Math.Log2(3 * time), 1, 4, 16)).Lengths;
        Assert.Equal(
            [Crossing.AboveAlready, Crossing.AboveAlready, Crossing.Reached, Crossing.Reached, Crossing.Reached, Crossing.NeverReaches],
            lengths.Select(length => length.Crossing));
        Assert.Equal([1, 2, null, null, null, null], lengths.Select(length => length.AtLeast));
        Assert.All(lengths.Where(length => length.Crossed), length => Assert.Equal(3, length.SpeedUp!.Value, 1e-12));
        Assert.Equal(32.0 / 3, lengths[4].OtherTime!.Value, 1e-12);
        Assert.All(lengths, length => Assert.Equal(length.Crossed, length.Reason is null));
        Assert.Equal("never reaches 6: its best score is 5.585", lengths[5].Reason);
        Assert.Equal("is above 1 already at its shortest length, 1.585: at least 2 times sooner", lengths[1].Reason);
    }

    [Fact]
    public void The_headline_is_that_of_the_longest_baseline_whose_score_the_other_has()
    {
        Assert.Equal(32, TimeToAccuracy.Of(Curve(Math.Log2, 4, 32, 64), Curve(time => Math.Log2(3 * time), 1, 16)).Headline!.Time);
        var bound = TimeToAccuracy.Of(Curve(Math.Log2, 1, 2), Curve(_ => 5, 1, 16)).Headline!;
        Assert.Equal((Crossing.AboveAlready, 2.0, null), (bound.Crossing, bound.AtLeast, bound.SpeedUp));
        Assert.Null(TimeToAccuracy.Of(Curve(Math.Log2, 4, 8), Curve(_ => 0, 1, 16)).Headline);
    }

    [Fact]
    public void Between_two_lengths_the_score_is_a_line_over_the_logarithm_of_time()
    {
        // From 0.2 at 2 s to 0.4 at 18 s: 0.3 is half way, at √(2 · 18) = 6 s.
        var length = Assert.Single(TimeToAccuracy.Of([new(1, 12, 0.3, 0)], [new(1, 2, 0.2, 0), new(2, 18, 0.4, 0)]).Lengths);
        Assert.Equal(6, length.OtherTime!.Value, 12);
        Assert.Equal(2, length.SpeedUp!.Value, 12);
    }

    [Fact]
    public void A_longer_run_that_scores_lower_takes_nothing_back()
    {
        AccuracyPoint[] other = [new(1, 1, 0.1, 0), new(2, 2, 0.3, 0), new(3, 4, 0.2, 0), new(4, 8, 0.4, 0)];
        double At(double score) => TimeToAccuracy.Of([new(1, 10, score, 0)], other).Lengths[0].OtherTime!.Value;
        Assert.Equal(2, At(0.3), 12);
        Assert.Equal(4 * Math.Sqrt(2), At(0.35), 12); // more than 0.3 is not reached before 4 s
    }

    [Fact]
    public void A_longer_baseline_that_gains_nothing_is_no_measure()
    {
        var lengths = TimeToAccuracy.Of([new(1, 1, 0.1, 0), new(2, 2, 0.3, 0), new(3, 4, 0.25, 0), new(4, 8, 0.3, 0)], Curve(time => 0.2 * time, 0.5, 1, 2));
        Assert.Equal([Crossing.Reached, Crossing.Reached, Crossing.BaselineGainsNothing, Crossing.BaselineGainsNothing], lengths.Lengths.Select(length => length.Crossing));
        Assert.Equal(2, lengths.Headline!.Time);
        Assert.Equal("a shorter run of the baseline scores 0.3 already", lengths.Lengths[2].Reason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_curve_compared_with_itself_is_as_soon(int seed)
    {
        var noisy = Noisy(seed, 3, 1, 2, 4, 8, 16);
        var lengths = TimeToAccuracy.Of(noisy, noisy).Lengths.Where(length => length.Crossing != Crossing.BaselineGainsNothing);
        Assert.All(lengths, length => Assert.Equal(1, length.SpeedUp!.Value, 1e-12));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(7)]
    public void Times_of_the_other_that_are_k_times_as_long_are_speed_ups_of_a_kth(double factor)
    {
        var (baseline, other) = (Noisy(1, 4, 4, 8, 16), Noisy(2, 3, 1, 2, 4, 8, 16));
        var lengths = TimeToAccuracy.Of(baseline, other).Lengths;
        var scaled = TimeToAccuracy.Of(baseline, [.. other.Select(point => point with { Time = factor * point.Time })]).Lengths;
        Assert.Contains(lengths, length => length.Crossed);
        foreach (var (before, after) in lengths.Zip(scaled).Where(both => both.First.Crossed))
        {
            Assert.Equal(before.SpeedUp!.Value / factor, after.SpeedUp!.Value, 1e-9);
            Assert.Equal(before.Interval!.Value.Low / factor, after.Interval!.Value.Low, 1e-9);
            Assert.Equal(before.Interval!.Value.High / factor, after.Interval!.Value.High, 1e-9);
        }
    }

    [Fact]
    public void Seeds_that_agree_have_an_interval_of_no_width_and_seeds_that_do_not_one_that_holds_the_value()
    {
        AccuracyPoint[] Seeds(IEnumerable<AccuracyPoint> curve, int count) => [.. curve.SelectMany(point => Enumerable.Range(0, count).Select(seed => point with { Seed = seed }))];
        var (baseline, other) = (Curve(Math.Log2, 4, 8), Curve(time => Math.Log2(3 * time), 1, 2, 4));
        var exact = TimeToAccuracy.Of(Seeds(baseline, 2), Seeds(other, 3)).Headline!.Interval!.Value; // 2 and 3 equal scores have means that differ by rounding
        Assert.Equal(3, exact.Low, 1e-9);
        Assert.Equal(3, exact.High, 1e-9);

        var (noisy, others) = (Noisy(3, 5, 4, 8, 16), Noisy(4, 5, 1, 2, 4, 8, 16, 32));
        var headline = TimeToAccuracy.Of(noisy, others).Headline!;
        Assert.InRange(headline.SpeedUp!.Value, headline.Interval!.Value.Low, headline.Interval.Value.High);
        Assert.True(headline.Interval.Value.High > headline.Interval.Value.Low);
        Assert.Equal(headline.Interval, TimeToAccuracy.Of(noisy, others).Headline!.Interval);
        Assert.NotEqual(headline.Interval, TimeToAccuracy.Of(noisy, others, seed: 1).Headline!.Interval);
    }

    [Fact]
    public void With_a_single_seed_there_is_no_interval() => Assert.Null(TimeToAccuracy.Of(Noisy(1, 3, 4, 8), Curve(time => Math.Log2(3 * time), 1, 2, 4, 8, 16)).Headline!.Interval);

    [Fact]
    public void Where_draws_do_not_bear_out_that_the_score_is_reached_the_interval_begins_at_0()
    {
        // The mean of 0.5 and 0.3 reaches 0.4; a quarter of the draws take 0.3 twice and do not.
        AccuracyPoint[] baseline = [new(1, 10, 0.4, 1), new(1, 10, 0.4, 2)];
        AccuracyPoint[] other = [new(1, 1, 0.1, 1), new(1, 1, 0.1, 2), new(2, 5, 0.3, 1), new(2, 5, 0.5, 2)];
        var headline = TimeToAccuracy.Of(baseline, other).Headline!;
        Assert.Equal(2, headline.SpeedUp!.Value, 12);
        Assert.Equal(0, headline.Interval!.Value.Low);
        Assert.True(headline.Interval.Value.High > 2);
    }

    [Fact]
    public void Seeds_that_lack_a_length_are_not_drawn()
    {
        // Of the other's two seeds one has the length that reaches 0.4: a draw of the other alone would not, for want of a run.
        AccuracyPoint[] baseline = [new(1, 10, 0.4, 1), new(1, 10, 0.41, 2)];
        AccuracyPoint[] other = [new(1, 1, 0.1, 1), new(1, 1, 0.1, 2), new(2, 5, 0.5, 1)];
        var headline = TimeToAccuracy.Of(baseline, other).Headline!;
        Assert.True(headline.SpeedUp > 2);
        Assert.Null(headline.Interval);
        Assert.NotNull(TimeToAccuracy.Of(baseline, [.. other, new(2, 5, 0.5, 2)]).Headline!.Interval);
    }

    [Fact]
    public void A_curve_without_runs_and_a_time_of_nothing_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TimeToAccuracy.Of([], Curve(Math.Log2, 1)));
        Assert.Throws<ArgumentException>(() => TimeToAccuracy.Of(Curve(Math.Log2, 1), [new(1, 0, 0.5, 0)]));
        Assert.Throws<ArgumentException>(() => TimeToAccuracy.Of(Curve(Math.Log2, 1), [new(1, 1, double.NaN, 0)]));
    }

    private static AccuracyPoint[] Curve(Func<double, double> score, params double[] times) =>
        [.. times.Select((time, length) => new AccuracyPoint(length, time, score(time), 0))];

    /// <summary>log2 of the time with noise, of several seeds.</summary>
    private static AccuracyPoint[] Noisy(int seed, int seeds, params double[] times)
    {
        var random = new Random(seed);
        return [.. times.SelectMany((time, length) => Enumerable.Range(0, seeds).Select(one => new AccuracyPoint(length, time, Math.Log2(time) + (random.NextDouble() * 0.8), one)))];
    }
}
