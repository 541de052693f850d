using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Training;

namespace Flip.Tests.Training;

/// <summary>When checkpoints are written, and which are kept.</summary>
public sealed class CheckpointScheduleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Samples_count_at_their_multiples_and_minutes_from_the_last_checkpoint()
    {
        var clock = new Clock();
        var schedule = new CheckpointSchedule(100, TimeSpan.FromMinutes(30), clock);
        Assert.False(schedule.IsDue(0, 99));
        Assert.True(schedule.IsDue(96, 104));
        clock.Pass(29.9);
        Assert.False(schedule.IsDue(104, 112));
        clock.Pass(0.1);
        Assert.True(schedule.IsDue(112, 120));
        schedule.Restart();
        Assert.False(schedule.IsDue(120, 128));
        clock.Pass(31);
        Assert.True(schedule.IsDue(128, 136));
    }

    [Fact]
    public void Without_minutes_time_brings_no_checkpoint()
    {
        var clock = new Clock();
        var schedule = CheckpointSchedule.Of(TrainingPlan.Of(TinyRun.Config, 1000), minutes: 0, clock);
        clock.Pass(1e6);
        Assert.False(schedule.IsDue(0, 8));
        Assert.True(schedule.IsDue(24, 32)); // every 4 steps
    }

    [Fact]
    public void A_training_writes_a_checkpoint_after_each_step_that_is_longer_than_its_minutes()
    {
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfPercent(100), CheckpointMinutes = 1e-9 } };
        TinyRun.Losses(config, _folder.Path);
        Assert.Equal(Enumerable.Range(1, 8).Select(step => 8L * step), Samples());
    }

    [Theory]
    [InlineData("0", new long[] { 56, 64 })]
    [InlineData("20 samples", new long[] { 24, 40, 56, 64 })] // the first beyond 20, 40 and 60, and the newest two
    [InlineData("3 steps", new long[] { 24, 48, 56, 64 })]
    [InlineData("50%", new long[] { 32, 56, 64 })]
    [InlineData("1 samples", new long[] { 8, 16, 24, 32, 40, 48, 56, 64 })]
    public void The_first_checkpoint_beyond_each_distance_is_kept_for_good(string every, long[] kept)
    {
        var config = TinyRun.Config with { Train = TinyRun.Config.Train with { CheckpointEvery = Duration.OfSteps(1), KeepEvery = Duration.Parse(every) } };
        using var model = TinyRun.Model(config);
        using var trainer = PairTrainee.Loop(model, config, p => new TinyRun.PositionSource(p), new CheckpointStore(_folder.Path, 2), [], new TinyRun.Recorder());
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(kept, Samples());
    }

    [Fact]
    public void What_is_kept_for_good_does_not_depend_on_where_a_run_was_stopped()
    {
        using var model = TinyRun.Model(TinyRun.Config);
        using var snapshot = new CheckpointSnapshot(model.Parameters, hasAverage: false);
        foreach (var samples in (long[])[8, 11, 16, 24, 29, 32, 40, 48])
        {
            snapshot.Fill(new TrainState(samples, samples / 8, 1, 1000, new Dictionary<string, long>()), (_, target) => target.zero_());
            new CheckpointStore(_folder.Path, 2).Save(snapshot, keepEvery: 10); // a new store each time, as after a stop
        }

        Assert.Equal([11, 24, 32, 40, 48], Samples());
    }

    private IEnumerable<long> Samples() => Directory.GetDirectories(_folder.Path).Select(folder => long.Parse(Path.GetFileName(folder)[8..], System.Globalization.CultureInfo.InvariantCulture)).Order();

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(double minutes) => _ticks += TimeSpan.FromMinutes(minutes).Ticks;
    }
}
