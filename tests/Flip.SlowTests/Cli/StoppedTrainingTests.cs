using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Cli;

/// <summary>Trainings that are asked to stop, or that a second process wants to go on with.</summary>
[Collection(Alone.Name)]
public sealed class StoppedTrainingTests(StoppedTrainingTests.Undisturbed undisturbed) : IClassFixture<StoppedTrainingTests.Undisturbed>, IDisposable
{
    private readonly TinyTraining _training = new(inMemory: true);

    public void Dispose() => _training.Dispose();

    [Theory]
    [InlineData(FlipProcess.Signal.Interrupt, 130)]
    [InlineData(FlipProcess.Signal.Terminate, 143)]
    [InlineData(FlipProcess.Signal.User1, 143)]
    public void A_signal_writes_a_checkpoint_and_has_its_exit_code(object signal, int code)
    {
        var run = _training.File("run");
        using (var process = Begin("run"))
        {
            Assert.True(process.WaitFor(() => HasSteps(run)));
            process.Send((FlipProcess.Signal)signal);
            var end = process.End();
            Assert.True(end.Code == code, $"{end.Code}: {end.Error}");
            Assert.Contains("Stopped.", end.Error, StringComparison.Ordinal);
            Assert.Contains($"To go on: flip train --resume {run}", end.Error, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(Path.Combine(run, "model"))); // it was stopped on the way
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(run, "checkpoints")));
        Assert.DoesNotContain(Directory.GetDirectories(Path.Combine(run, "checkpoints")), folder => folder.EndsWith(".unfinished", StringComparison.Ordinal));
        using var rest = new FlipProcess("train", "--resume", run, "--json");
        Assert.Equal(0, rest.End().Code);
        Assert.Equal(undisturbed.Weights, TinyTraining.Weights(run));
    }

    [Fact]
    public void Signals_that_a_scheduler_repeats_do_not_lose_the_checkpoint()
    {
        var run = _training.File("run");
        using var process = Begin("run");
        Assert.True(process.WaitFor(() => HasSteps(run)));
        process.Send(FlipProcess.Signal.User1);
        process.Send(FlipProcess.Signal.Terminate);
        process.Send(FlipProcess.Signal.Terminate);
        Assert.Equal(143, process.End().Code);
        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(run, "checkpoints")));
    }

    [Fact]
    public void A_second_process_is_refused_with_the_first_ones_name_and_disturbs_nothing()
    {
        var run = _training.File("run");
        using var first = Begin("run");
        Assert.True(first.WaitFor(() => HasSteps(run)));
        foreach (var args in (string[][])[["train", "--resume", run], ["train", "--resume", run, "-s", "train.keepCheckpoints=2"]])
        {
            using var second = new FlipProcess(args);
            var (code, _, error) = second.End();
            Assert.Equal(1, code);
            Assert.Equal($"flip: {run} is in use: process {first.Id} on {Environment.MachineName}.", error.Trim());
        }

        Assert.False(first.HasEnded); // else nothing was tested
        Assert.Equal(0, first.End().Code);
        Assert.Equal(undisturbed.Weights, TinyTraining.Weights(run));
    }

    [Fact]
    public void Of_two_that_begin_in_one_folder_one_is_refused()
    {
        FlipProcess[] both = [Begin("run"), Begin("run")];
        var ends = both.Select(process => process.End()).ToList();
        Array.ForEach(both, process => process.Dispose());
        Assert.Equal([0, 1], ends.Select(end => end.Code).Order());
        var refused = ends.Single(end => end.Code == 1).Error;
        Assert.True(
            refused.Contains("is in use: process ", StringComparison.Ordinal) || refused.Contains("holds a run already", StringComparison.Ordinal)
                || refused.Contains("because it is being used by another process", StringComparison.Ordinal), // it has not yet said its name
            refused);
        Assert.Equal(undisturbed.Weights, TinyTraining.Weights(_training.File("run")));
    }

    [Fact]
    public void A_killed_holder_keeps_no_one_out()
    {
        var run = _training.File("run");
        using (var first = Begin("run"))
        {
            Assert.True(first.WaitFor(() => HasSteps(run)));
            first.Kill();
        }

        Assert.True(File.Exists(Path.Combine(run, ".lock.json"))); // it still names the dead one
        using var second = new FlipProcess("train", "--resume", run, "--json");
        Assert.Equal(0, second.End().Code);
        Assert.Equal(undisturbed.Weights, TinyTraining.Weights(run));
    }

    private static bool HasSteps(string run) => File.Exists(Path.Combine(run, "metrics.jsonl")) && File.ReadLines(Path.Combine(run, "metrics.jsonl")).Skip(5).Any();

    private FlipProcess Begin(string name) => Begin(_training, name);

    private static FlipProcess Begin(TinyTraining training, string name) =>
        new(["train", .. training.Settings, "--run", training.File(name), .. TinyTraining.Model, "-s", "train.samples=250 steps", "-s", "train.checkpointEvery=20 steps"]);

    /// <summary>The weights of the run that nothing disturbs.</summary>
    public sealed class Undisturbed
    {
        public Undisturbed()
        {
            using var training = new TinyTraining(inMemory: true);
            using var process = Begin(training, "whole");
            var (code, _, error) = process.End();
            Assert.True(code == 0, error);
            Weights = TinyTraining.Weights(training.File("whole"));
        }

        public byte[] Weights { get; }
    }
}
