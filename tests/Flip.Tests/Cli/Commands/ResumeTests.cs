using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

/// <summary>What a run needs to go on: whole checkpoints, else what it began with.</summary>
[Collection(Alone.Name)]
public sealed class ResumeTests : IDisposable
{
    private readonly TinyTraining _training = new();

    public void Dispose() => _training.Dispose();

    [Fact]
    public void A_run_without_a_checkpoint_begins_again_with_the_weights_of_its_seed()
    {
        var run = _training.Train("run", TinyTraining.Model);
        var whole = TinyTraining.Weights(run);
        Assert.False(Directory.Exists(Path.Combine(run, "start")));
        Forget(run);
        Assert.Contains("There is no checkpoint yet; the run begins again.", Resume(run), StringComparison.Ordinal);
        Assert.Equal(whole, TinyTraining.Weights(run));
    }

    [Fact]
    public void A_run_that_began_with_a_model_begins_again_with_it_although_it_is_gone()
    {
        var model = _training.File("model");
        TinyModel.Save(model);
        var run = _training.Train("run", "--init", model);
        var whole = TinyTraining.Weights(run);
        Directory.Delete(model, recursive: true);
        Forget(run);
        Resume(run);
        Assert.Equal(whole, TinyTraining.Weights(run));

        Forget(run);
        var start = Path.Combine(run, "start", "model.safetensors");
        var bytes = File.ReadAllBytes(start);
        bytes[^1] ^= 64;
        File.WriteAllBytes(start, bytes);
        AssertFails(["train", "--resume", run], "what the run began with is damaged: model.safetensors has other bytes than were written (SHA-256)");
    }

    [Fact]
    public void A_resume_passes_over_damaged_checkpoints_says_why_and_ends_with_the_same_weights()
    {
        var run = _training.Train("run", TinyTraining.Model);
        var whole = TinyTraining.Weights(run);
        var checkpoints = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(4, checkpoints.Count);
        Directory.Delete(checkpoints[3], recursive: true);
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
        var moments = Path.Combine(checkpoints[2], "optimizer.safetensors");
        File.WriteAllBytes(moments, File.ReadAllBytes(moments)[..^4]);
        File.AppendAllText(Path.Combine(checkpoints[1], "state.json"), " ");

        var said = Resume(run);
        Assert.Contains($"{checkpoints[2]} is damaged and not used: optimizer.safetensors has ", said, StringComparison.Ordinal);
        Assert.Contains($"{checkpoints[1]} is damaged and not used: state.json has ", said, StringComparison.Ordinal);
        Assert.Contains($"Resuming from {checkpoints[0]}.", said, StringComparison.Ordinal);
        Assert.Equal(whole, TinyTraining.Weights(run));
        Assert.True(File.Exists(Path.Combine(checkpoints[2] + ".damaged", "optimizer.safetensors")));

        Directory.Delete(checkpoints[3], recursive: true);
        File.Delete(Path.Combine(checkpoints[2], "state.json"));
        File.Delete(Path.Combine(checkpoints[1], "state.json"));
        File.Delete(Path.Combine(checkpoints[0], "state.json"));
        AssertFails(["train", "--resume", run], "no checkpoint is whole: ", $"{checkpoints[0]}.damaged (state.json is missing)", $"remove {Path.Combine(run, "checkpoints")}");
    }

    [Fact]
    public void Distances_of_checkpoints_may_change_when_a_run_goes_on()
    {
        var run = _training.Train("run", TinyTraining.Model);
        var whole = TinyTraining.Weights(run);
        Forget(run);
        Resume(run, "-s", "train.checkpointEvery=1 steps", "-s", "train.checkpointMinutes=60", "-s", "train.keepCheckpoints=2", "-s", "train.keepEvery=3 steps");
        Assert.Equal(whole, TinyTraining.Weights(run));
        Assert.Equal(
            ["samples-0000000000048", "samples-0000000000096", "samples-0000000000112", "samples-0000000000128"],
            Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_guard_that_only_looks_may_change_when_a_run_goes_on_and_one_that_leaves_out_is_part_of_it()
    {
        var run = _training.Train("run", [.. TinyTraining.Model, "-s", "train.spikeFactor=1e-6", "-s", "train.spikeWindow=8"]);
        Forget(run);
        AssertFails(["train", "--resume", run, "-s", "train.spikeAction=skip"], "train.spikeAction=skip: a resumed run keeps this setting");
        Resume(run, "-s", "train.spikeFactor=100", "-s", "train.checkpointEvery=4 steps");

        var strict = _training.Train("strict", [.. TinyTraining.Model, "-s", "train.spikeFactor=100", "-s", "train.spikeAction=rollback"]);
        Forget(strict);
        AssertFails(["train", "--resume", strict, "-s", "train.spikeFactor=0"], "train.spikeFactor=0: a resumed run keeps this setting");
        AssertFails(["train", "--resume", strict, "-s", "train.checkpointEvery=4 steps"], "train.checkpointEvery=\"4 steps\": a resumed run keeps this setting");
        Resume(strict, "-s", "train.keepCheckpoints=2");
    }

    [Fact]
    public void Spikes_are_said_and_logged()
    {
        var (code, _, error) = Run(["train", .. _training.Settings, "--run", _training.File("run"), .. TinyTraining.Model, "-s", "train.warmup=0", "-s", "train.spikeFactor=1e-6", "-s", "train.spikeWindow=8"]);
        Assert.True(code == 0, error);
        var logged = Flip.Training.MetricLog.Read(_training.File("run")).Where(record => record.Values.ContainsKey("spike/action")).ToList();
        Assert.NotEmpty(logged); // a factor of nearly 0 takes what lies above the median for a spike
        Assert.All(logged, record => Assert.Equal(0, record.Values["spike/action"]));
        Assert.Equal(logged.Count, error.Split("Spike at ").Length - 1);
        Assert.Contains("It is learnt from all the same.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_killed_before_it_had_begun_says_so_and_its_command_begins_it()
    {
        var run = _training.Train("run", TinyTraining.Model);
        var whole = TinyTraining.Weights(run);
        Forget(run);
        File.Delete(Path.Combine(run, "config.json"));
        Directory.CreateDirectory(Path.Combine(run, "start"));
        File.WriteAllText(Path.Combine(run, "start", "model.safetensors.0123456789abcdef.tmp"), "half");
        AssertFails(["train", "--resume", run], "stopped before its config.json was written", "Begin it again by the command that began it");
        _training.Train("run", TinyTraining.Model);
        Assert.Equal(whole, TinyTraining.Weights(run));
        Assert.False(Directory.Exists(Path.Combine(run, "start")));
        AssertFails(["train", "--resume", _training.File("nothing")], "holds no run: it has no config.json");
    }

    /// <summary>As a run is that was killed before its first checkpoint.</summary>
    private static void Forget(string run)
    {
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
    }

    private static string Resume(string run, params string[] more)
    {
        var (code, _, error) = Run(["train", "--resume", run, "--json", .. more]);
        Assert.True(code == 0, error);
        return error;
    }
}
