using Flip.Config;
using Flip.Optim;

namespace Flip.Tests.Optim;

public class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0.5)]
    [InlineData(100, 1)]
    [InlineData(600, 0.5)]
    [InlineData(1100, 0)]
    [InlineData(2000, 0)]
    public void Cosine_rises_linearly_and_falls_to_zero(long samples, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(ScheduleKind.Cosine, 1, 100, 1100, 0).At(samples), 1e-12);

    [Theory]
    [InlineData(50, 0.5)]
    [InlineData(100, 1)]
    [InlineData(899, 1)]
    [InlineData(950, 0.5)]
    [InlineData(1000, 0)]
    public void Constant_cools_down_at_the_end(long samples, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(ScheduleKind.ConstantCooldown, 1, 100, 1000, 100).At(samples), 1e-12);

    [Fact]
    public void The_papers_rate_for_a_batch_of_65536_is_1_024e_3()
    {
        var train = new TrainConfig { BatchSize = 65536 };
        var schedule = LearningRateSchedule.Of(train, 12_800_000_000, 400_000_000);
        Assert.Equal(1.024e-3, schedule.At(51_200_000), 1e-12);
        Assert.Equal(51_200_000, schedule.WarmupSamples);
    }

    [Fact]
    public void Without_warm_up_the_first_step_has_the_peak_rate() =>
        Assert.Equal(1, new LearningRateSchedule(ScheduleKind.Cosine, 1, 0, 1000, 0).At(0));
}
