using System.Text.Json;
using Flip.Config;
using Flip.Randomness;
using Flip.Training;

namespace Flip.Tests.Training;

public class SpikeGuardTests
{
    [Fact]
    public void The_limit_is_the_median_and_so_many_robust_deviations()
    {
        // Median 3; distances 2, 1, 0, 1, 7, their median 1; 3 + 10 × 1.4826.
        Assert.Equal((3, 17.826), Rounded(Guard(10).Limit([1, 2, 3, 4, 10])));

        // Of an even number the mean of the middle two: 2.5; distances 1.5, 0.5, 0.5, 1.5, their median 1.
        Assert.Equal((2.5, 5.4652), Rounded(Guard(2).Limit([4, 1, 3, 2])));

        // Losses that do not move: a hundredth of the median counts.
        Assert.Equal((2, 2.2), Rounded(Guard(10).Limit([2, 2, 2, 2])));

        static (double Median, double Limit) Rounded((double Median, double Limit) limit) => (Math.Round(limit.Median, 9), Math.Round(limit.Limit, 9));
    }

    [Theory]
    [InlineData(2.19, 1, false)]
    [InlineData(2.21, 1, true)]
    [InlineData(2, 1.09, false)]
    [InlineData(2, 1.11, true)]
    [InlineData(0, 0, false)] // below is no spike
    [InlineData(double.NaN, 1, true)]
    [InlineData(2, double.PositiveInfinity, true)]
    public void Either_the_loss_or_the_norm_makes_a_spike(double loss, double norm, bool isSpike)
    {
        var guard = Guard(10);
        var (spike, next) = guard.Judge(Steps(guard.FewestSteps), 800, loss, norm, isWarm: true);
        Assert.Equal(isSpike, spike is not null);
        Assert.Equal(double.IsFinite(loss) && double.IsFinite(norm) ? guard.FewestSteps + 1 : guard.FewestSteps, next.Losses.Count);
    }

    [Fact]
    public void Nothing_is_judged_by_its_size_before_the_warm_up_is_over_and_enough_steps_are_there()
    {
        var guard = Guard(10);
        Assert.Null(guard.Judge(Steps(guard.FewestSteps - 1), 8, 1e9, 1e9, isWarm: true).Spike);
        Assert.Null(guard.Judge(Steps(guard.FewestSteps), 8, 1e9, 1e9, isWarm: false).Spike);
        Assert.NotNull(guard.Judge(Steps(guard.FewestSteps), 8, 1e9, 1e9, isWarm: true).Spike);
        Assert.NotNull(guard.Judge(SpikeHistory.Start, 8, double.NaN, 1, isWarm: false).Spike);
    }

    [Fact]
    public void The_history_has_the_last_steps_and_no_more()
    {
        var guard = Guard(10, window: 8);
        var history = SpikeHistory.Start;
        for (var step = 1; step <= 20; step++)
        {
            history = guard.Judge(history, 8 * step, step, 100 + step, isWarm: false).History;
        }

        Assert.Equal(Enumerable.Range(13, 8).Select(step => (double)step), history.Losses);
        Assert.Equal(Enumerable.Range(113, 8).Select(step => (double)step), history.GradientNorms);
    }

    [Fact]
    public void A_level_that_stays_higher_is_the_new_usual_after_half_a_window()
    {
        var guard = Guard(10, window: 16, limit: 100);
        var history = Steps(16);
        var spikes = new List<bool>();
        for (var step = 0; step < 20; step++)
        {
            (var spike, history) = guard.Judge(history, 8 * step, 5, 1, isWarm: true);
            spikes.Add(spike is not null);
        }

        // Behind 8 of the 16 the median is between the two levels, and so is its distance from either.
        Assert.Equal(Enumerable.Repeat(true, 8).Concat(Enumerable.Repeat(false, 12)), spikes);
    }

    [Fact]
    public void Too_many_in_a_row_end_the_training_and_a_step_beyond_the_last_one_begins_to_count_anew()
    {
        var guard = Guard(10, limit: 2);
        var history = Spiked(Spiked(Steps(32), 80), 88);
        Assert.Equal((2, 88), (history.InRow, history.Furthest));

        // After a rollback the steps before the spike are good ones, and prove nothing.
        history = guard.Judge(history, 88, 2, 1, isWarm: true).History;
        Assert.Equal(2, history.InRow);
        var error = Assert.Throws<SpikeLimitException>(() => Spiked(history, 88));
        Assert.StartsWith("More than 2 spikes in a row, and leaving out their updates did not help (train.spikeLimit). The last one, at 88 samples: loss 99 (usual 2)", error.Message, StringComparison.Ordinal);
        history = guard.Judge(history, 96, 2, 1, isWarm: true).History;
        Assert.Equal(0, history.InRow);
        Spiked(history, 104);

        SpikeHistory Spiked(SpikeHistory before, long after)
        {
            var (spike, next) = guard.Judge(before, after, 99, 1, isWarm: true);
            Assert.NotNull(spike);
            return next;
        }
    }

    [Fact]
    public void A_guard_that_only_logs_has_no_limit()
    {
        var guard = Guard(10, action: SpikeAction.Log, limit: 1);
        var history = Steps(32);
        for (var step = 0; step < 5; step++)
        {
            (var spike, history) = guard.Judge(history, 8, 1e3 * Math.Pow(100, step), 1, isWarm: true);
            Assert.NotNull(spike);
            Assert.Equal(0, history.InRow);
        }
    }

    [Fact]
    public void Without_a_factor_there_is_no_guard() => Assert.Null(SpikeGuard.Of(new TrainConfig()));

    [Fact]
    public void A_history_is_the_same_after_it_was_written_and_judges_the_same()
    {
        var guard = Guard(5, window: 32);
        var history = SpikeHistory.Start;
        var random = new CounterRandom(7, RandomPurpose.Evaluation);
        for (var step = 1; step <= 200; step++)
        {
            var (loss, norm) = (Math.Exp(random.NextDouble() * 3), random.NextDouble() / 3);
            var read = JsonSerializer.Deserialize<SpikeHistory>(JsonSerializer.Serialize(history))!;
            Assert.True(read.IsValid(step, 1 << 20));
            var (expected, actual) = (guard.Judge(history, 8 * step, loss, norm, step > 10), guard.Judge(read, 8 * step, loss, norm, step > 10));
            Assert.Equal(expected.Spike, actual.Spike);
            Assert.Equal(expected.History.Losses, actual.History.Losses);
            Assert.Equal(expected.History.GradientNorms, actual.History.GradientNorms);
            history = expected.History;
        }
    }

    private static SpikeGuard Guard(double factor, int window = 32, int limit = 1000, SpikeAction action = SpikeAction.Skip) =>
        SpikeGuard.Of(new TrainConfig { SpikeFactor = factor, SpikeWindow = window, SpikeLimit = limit, SpikeAction = action })!;

    /// <summary>Steps of loss 2 and norm 1.</summary>
    private static SpikeHistory Steps(int count) => SpikeHistory.Start with
    {
        Losses = [.. Enumerable.Repeat(2.0, count)],
        GradientNorms = [.. Enumerable.Repeat(1.0, count)],
    };
}
