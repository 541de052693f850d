using Flip.Config;
using Flip.Training;

namespace Flip.Tests.Training;

public class TrainingPlanTests
{
    [Fact]
    public void Lengths_become_samples_and_whole_steps()
    {
        var plan = Plan(train => train with { Samples = Duration.OfEpochs(1.5), Warmup = Duration.OfPercent(10), CheckpointEvery = Duration.OfSteps(3) });
        Assert.Equal(1504, plan.TotalSamples); // 94 steps of 16 hold 1 500
        Assert.Equal(150, plan.LearningRate.WarmupSamples);
        Assert.Equal(48, plan.CheckpointEvery);
    }

    [Fact]
    public void A_warm_up_longer_than_the_training_is_refused()
    {
        var failure = Assert.Throws<ConfigException>(() => Plan(train => train with { Samples = Duration.OfEpochs(30) }));
        Assert.Contains("51,200,000 samples of warm-up do not fit the 30,000", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0001)]
    [InlineData(1e30)]
    public void A_length_of_no_step_or_without_end_is_refused(double epochs) =>
        Assert.Throws<ConfigException>(() => Plan(train => train with { Samples = Duration.OfEpochs(epochs), Warmup = Duration.OfPercent(0) }));

    [Fact]
    public void A_batch_larger_than_the_data_is_refused() =>
        Assert.Throws<ConfigException>(() => Plan(train => train with { BatchSize = 1001, Warmup = Duration.OfPercent(5) }));

    private static TrainingPlan Plan(Func<TrainConfig, TrainConfig> change) =>
        TrainingPlan.Of(new FlipConfig { Train = change(new TrainConfig { BatchSize = 16 }) }, 1000);
}
