using Flip.Tasks.Benchmarking;

namespace Flip.Tests.Tasks.Benchmarking;

public class GroupTimesTests
{
    [Fact]
    public void A_slow_spell_of_the_machine_slows_the_step_and_not_the_ratio()
    {
        // The third and fourth round are three times as slow: the ratios of the rounds are 0.5, 0.6, 0.5, 0.4, 0.5.
        var times = GroupTimes.Of([new GroupTimes([0, 1], [Steps(2, 2, 6, 6, 2), Steps(1, 1.2, 3, 2.4, 1)])], [(10, 10), (10, 4)]);
        Assert.Equal((2, 2, 0.2), (times[0].Seconds, times[0].BestSeconds, times[0].SecondsPerPair));
        Assert.Equal((1.2, 1, 0.12), (times[1].Seconds, times[1].BestSeconds, times[1].SecondsPerPair));
        Assert.Equal(1, times[0].RelativeTime);
        Assert.Null(times[0].RelativeTimeInterval);
        Assert.Equal(0.5, times[1].RelativeTime, 12); // that of the medians is 0.6
        Assert.InRange(times[1].RelativeTimeInterval!.Value.Low, 0.39, 0.5);
        Assert.InRange(times[1].RelativeTimeInterval!.Value.High, 0.5, 0.61);
        Assert.Equal((0, 4, 5), (times[0].MicroBatch, times[1].MicroBatch, times[1].Rounds));
    }

    [Fact]
    public void Batches_of_different_sizes_are_compared_by_the_pair()
    {
        var times = GroupTimes.Of([new GroupTimes([0, 1], [Steps(1, 1, 1), Steps(3, 3, 3)])], [(10, 10), (40, 40)]);
        Assert.Equal(0.75, times[1].RelativeTime, 12); // 3 s / 40 over 1 s / 10
        Assert.Equal(0.75 * 0.1, times[1].SecondsPerPair, 12);
        Assert.Equal(100 * 3.0 / 40, times[1].FlopsPerPair, 12);
        Assert.Equal(0.75, times[1].RelativeFlops, 12);
    }

    [Fact]
    public void Each_group_is_compared_with_its_own_steps_of_the_first_setting()
    {
        // In the second group the machine is twice as slow.
        var times = GroupTimes.Of(
            [new GroupTimes([0, 2], [Steps(4, 4, 4), Steps(1, 1, 1)]), new GroupTimes([0, 1], [Steps(8, 8, 8), Steps(4, 4, 4)])],
            [(1, 1), (1, 1), (1, 1)]);
        Assert.Equal([1, 0.5, 0.25], times.Select(time => time.RelativeTime));
        Assert.Equal([0, 1, 0], times.Select(time => time.Group));
        Assert.Equal((6, 6.0, 4.0), (times[0].Rounds, times[0].Seconds, times[0].BestSeconds)); // of both groups
        Assert.Equal(3, times[1].Rounds);
    }

    [Fact]
    public void Two_rounds_have_no_interval()
    {
        var times = GroupTimes.Of([new GroupTimes([0, 1], [Steps(1, 1), Steps(2, 4)])], [(1, 1), (1, 1)]);
        Assert.Equal(3, times[1].RelativeTime);
        Assert.Null(times[1].RelativeTimeInterval);
    }

    [Fact]
    public void Rounds_that_are_all_alike_have_an_interval_of_no_width() =>
        Assert.Equal(new(0.5, 0.5), Medians.Interval([0.5, 0.5, 0.5, 0.5]));

    [Fact]
    public void The_interval_of_a_median_is_that_of_rounds_drawn_again()
    {
        // Of three rounds 1, 2, 9 the median of a draw is 1 where it has 1 twice or more: in 7 of 27 draws; so both ends are 1 and 9.
        Assert.Equal(new(1, 9), Medians.Interval([9, 1, 2]));

        // Of four rounds the median lies between two: it is 2.5 where one of 1, 2 and one of 3, 4 are in the middle.
        Assert.Equal(2.5, Medians.Of([4, 1, 3, 2]));
        var interval = Medians.Interval([1, 2, 3, 4])!.Value;
        Assert.InRange(interval.Low, 1, 2);
        Assert.InRange(interval.High, 3, 4);
    }

    /// <summary>Steps of these seconds, with 100 operations a second.</summary>
    private static List<TimedStep> Steps(params double[] seconds) => [.. seconds.Select(time => new TimedStep(time, 100 * time))];
}
