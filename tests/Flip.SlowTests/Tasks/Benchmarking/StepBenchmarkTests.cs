using Flip.Config;
using Flip.Tasks.Benchmarking;
using Flip.Tests;
using Flip.Tests.Training;
using Flip.Training;

namespace Flip.SlowTests.Tasks.Benchmarking;

[Collection(Alone.Name)] // the number of threads is the process's
public class StepBenchmarkTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Every_ratio_has_finite_numbers_whose_parts_add_up_to_the_step(int microBatch)
    {
        using var benchmark = new StepBenchmark(TinyRun.Config with { Train = TinyRun.Config.Train with { MicroBatch = microBatch, Threads = 2 } });
        var report = benchmark.Run([0, 0.5, 0.75], 1, TestContext.Current.CancellationToken);
        Assert.Equal([0, 0.5, 0.75], report.Measurements.Select(m => m.MaskRatio));
        Assert.True(report.CeilingGflopPerSecond > 0 && report.MemoryBytes > 1 << 20);
        foreach (var m in report.Measurements)
        {
            Assert.All([m.SamplesPerSecond, m.GflopPerPair, m.GflopPerSecond, m.RelativeTime!.Value], value => Assert.True(double.IsFinite(value) && value > 0));
            Assert.InRange(m.Utilization, 0, 1);
            Assert.Equal((1, 2 * (microBatch == 0 ? 1 : 3)), (m.Waits, m.Copies));
            Assert.Equal(ModelCost.Of(TinyRun.Config.Model, m.MaskRatio).TrainingFlops / 1e9, m.GflopPerPair, 1e-12);

            // Of a single round the medians are that round's own.
            Assert.All(Enum.GetValues<StepPart>(), part => Assert.True(m.PartSeconds[part] > 0, part.ToString()));
            Assert.Equal(m.Seconds, m.PartSeconds.Values.Sum(), 1e-9);
            Assert.Equal(m.BestSeconds, m.Seconds);
        }

        Assert.Equal(1, report.Measurements[0].RelativeTime);
        Assert.Equal(1, report.Measurements[0].RelativeFlops);
        Assert.True(report.Measurements[2].RelativeFlops < report.Measurements[1].RelativeFlops);
    }

    [Fact]
    public void Of_real_texts_the_tokens_that_are_computed_count_and_reading_is_a_part()
    {
        var text = TinyRun.Config.Model.Text with { AttendPadding = false };
        var config = TinyRun.Config with { Model = TinyRun.Config.Model with { Text = text }, Train = TinyRun.Config.Train with { Threads = 2 } };
        using var benchmark = new StepBenchmark(config, (_, _, _) => new TinyRun.PositionSource(0) { LongestText = 3 });
        var m = Assert.Single(benchmark.Run([0], 1, TestContext.Current.CancellationToken).Measurements);
        double Cost(int tokens) => ModelCost.Of(config.Model, 0, textTokens: tokens).TrainingFlops / 1e9;
        Assert.InRange(m.GflopPerPair, Cost(1), Cost(3));
        Assert.True(Cost(3) < Cost(6));
        Assert.True(m.PartSeconds[StepPart.Data] > 0);
    }

    [Fact]
    public void Without_an_unmasked_step_no_relative_time_is_claimed()
    {
        using var benchmark = new StepBenchmark(TinyRun.Config with { Train = TinyRun.Config.Train with { Threads = 2 } });
        var report = benchmark.Run([0.5], 2);
        Assert.Null(Assert.Single(report.Measurements).RelativeTime);
        Assert.Contains("| 0.5 |", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("| - |", report.ToMarkdown(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(0.99)]
    [InlineData(double.NaN)]
    public void A_ratio_that_keeps_no_patch_is_refused(double ratio)
    {
        using var benchmark = new StepBenchmark(TinyRun.Config with { Train = TinyRun.Config.Train with { Threads = 2 } });
        var failure = Assert.Throws<ConfigException>(() => benchmark.Run([0, ratio], 1));
        Assert.Contains("keep one of 16 patches", failure.Message, StringComparison.Ordinal);
    }
}
