using System.Globalization;
using Flip.Randomness;
using Flip.SlowTests.Cluster;
using Flip.Storage;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Training;

namespace Flip.SlowTests.Distributed;

/// <summary>
/// <c>flip train</c> under a real mpirun: the run is that of one process, however it is cut, stopped or killed. Weights are compared but for the biases of
/// keys, whose gradients are rounding alone.
/// </summary>
[Collection(Alone.Name)]
public sealed class SharedRunTests : IDisposable
{
    private const int Kills = 50;
    private const int KillsOfARun = 10;
    private const double Tolerance = 2e-3; // of the largest weight; other sums of the same numbers, over 8 steps of Adam

    private readonly TinyTraining _training = new(inMemory: true);

    public void Dispose() => _training.Dispose();

    [Theory]
    [InlineData(2, "train.microBatch=0")]
    [InlineData(2, "train.microBatch=4")]
    [InlineData(3, "train.textExchange=ring")]
    [InlineData(4, "train.shardOptimizer=false")]
    public void A_run_on_ranks_is_the_run_of_one_process(int ranks, string setting)
    {
        var one = _training.Train("one", TinyTraining.Model);
        var (code, _, error) = Train(ranks, "many", "-s", setting);
        Assert.True(code == 0, error);
        Assert.Equal(Losses(one), Losses(_training.File("many")), (a, b) => Math.Abs(a - b) < 1e-4);
        AssertSameWeights(one, _training.File("many"));
    }

    [Fact]
    public void A_run_stopped_on_two_ranks_goes_on_on_three_and_on_one()
    {
        var one = _training.Train("one", TinyTraining.Model);
        using (var first = Begin(2, "cut", "-s", "train.samples=8 steps"))
        {
            WaitFor(first, () => Checkpoints("cut").Length >= 1);
            MpiRun.Signal(first.ProcessOf(1), "TERM"); // one rank is asked, and all stop behind the same step
            Assert.NotEqual(0, first.End().Code);
        }

        var stopped = Checkpoints("cut")[^1];
        using (var second = MpiRun.Start(3, [MpiRun.Flip, "train", "--resume", _training.File("cut"), "--json"]))
        {
            WaitFor(second, () => Checkpoints("cut")[^1] != stopped || Directory.Exists(Path.Combine(_training.File("cut"), "model")));
            MpiRun.Signal(second.ProcessOf(0), "TERM");
            second.End();
        }

        if (!Directory.Exists(Path.Combine(_training.File("cut"), "model")))
        {
            var (code, _, error) = CommandRun.Run(["train", "--resume", _training.File("cut"), "--json"]);
            Assert.True(code == 0, error);
        }

        AssertSameWeights(one, _training.File("cut"));
        Assert.Equal(Losses(one), Losses(_training.File("cut")), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void Fifty_kills_of_a_rank_change_no_bit_of_the_weights()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(OwnProcesses.Wanted) == "1", $"takes minutes of a quiet machine: {OwnProcesses.Wanted}=1 runs it");
        string[] more = ["-s", "train.samples=200 steps", "-s", "train.weightEma=0.9", "-s", "train.keepCheckpoints=2"];
        var (code, _, error) = Train(2, "whole", more);
        Assert.True(code == 0, error);
        var whole = TinyTraining.Weights(_training.File("whole"));
        var resumed = 0;
        for (var (kill, runs) = (0, 0); kill < Kills; runs++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"run{runs}");
            for (var ofRun = 0; ofRun < KillsOfARun && !IsFinished(name); ofRun++, kill++)
            {
                resumed += HasBegun(name) ? 1 : 0;
                var random = new CounterRandom(31, RandomPurpose.Evaluation, item: kill);
                using var job = BeginOrGoOn(name, more);
                var victim = job.ProcessOf(random.NextInt(2));
                Thread.Sleep(random.NextInt(1500));
                MpiRun.Signal(victim, "KILL");
                job.End();
            }

            using var last = BeginOrGoOn(name, more);
            var (end, _, lastError) = last.End();
            Assert.True(end == 0, lastError);
            Assert.DoesNotContain("is damaged", lastError, StringComparison.Ordinal);
            Assert.Equal(whole, TinyTraining.Weights(_training.File(name)));
        }

        Assert.True(resumed > Kills / 3, $"{resumed} resumed");
    }

    [Fact]
    public void A_launched_run_goes_on_when_a_rank_is_killed()
    {
        Assert.SkipUnless(MpiRun.Find("mpirun") is not null, "needs mpirun: Debian has it in openmpi-bin");
        var one = _training.Train("one", [.. TinyTraining.Model, "-s", "train.samples=100 steps"]);
        using var launch = MpiRun.Start(
            [MpiRun.Flip, "launch", "-n", "2", "--mpirun-args", "--allow-run-as-root", "--", .. Command("launched"), "-s", "train.samples=100 steps"]);
        WaitFor(launch, () => Checkpoints("launched").Length >= 2);
        MpiRun.Signal(launch.ProcessOf(1), "KILL");
        var (code, _, error) = launch.End();
        Assert.True(code == 0, error);
        Assert.Contains("The run goes on from its newest checkpoint.", error, StringComparison.Ordinal);
        AssertSameWeights(one, _training.File("launched"));
    }

    [Fact]
    public void A_launched_run_that_is_stopped_has_a_checkpoint_of_its_last_step()
    {
        Assert.SkipUnless(MpiRun.Find("mpirun") is not null, "needs mpirun: Debian has it in openmpi-bin");
        using var launch = MpiRun.Start(
            [MpiRun.Flip, "launch", "-n", "2", "--mpirun-args", "--allow-run-as-root", "--", .. Command("stopped"), "-s", "train.samples=100000 steps", "-s", "train.checkpointEvery=50000 steps"]);
        launch.ProcessOf(1);
        WaitFor(launch, () => MetricLog.Read(_training.File("stopped")).Count > 3);
        MpiRun.Signal(launch.Id, "TERM");
        var (code, _, error) = launch.End();
        Assert.True(code == 143, $"{code} {error}");
        Assert.Single(Checkpoints("stopped"));
    }

    [Fact]
    public void A_wrong_setting_is_told_once_and_not_tried_again()
    {
        Assert.SkipUnless(MpiRun.Find("mpirun") is not null, "needs mpirun: Debian has it in openmpi-bin");
        using var launch = MpiRun.Start(
            [MpiRun.Flip, "launch", "-n", "3", "--mpirun-args", "--allow-run-as-root", "--", .. Command("wrong"), "-s", "train.batchSize=2"]);
        var (code, _, error) = launch.End();
        Assert.Equal(1, code);
        Assert.Equal(2, error.Split("train.batchSize = 2: has no pair for each of the 3 ranks.").Length);
        Assert.DoesNotContain("goes on", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_are_missing_are_told_by_the_rank_that_leads_and_end_all()
    {
        using var job = MpiRun.Start(2, [MpiRun.Flip, "train", "--preset", "tiny", "--data", _training.File("missing-*.tar"), "--run", _training.File("bad")]);
        var (code, _, error) = job.End();
        Assert.NotEqual(0, code);
        Assert.Contains("flip: rank 0 on ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("flip: rank 1", error, StringComparison.Ordinal);
    }

    private string[] Command(string run) => ["train", .. _training.Settings, "--run", _training.File(run), .. TinyTraining.Model];

    private MpiRun Begin(int ranks, string run, params string[] more) => MpiRun.Start(ranks, [MpiRun.Flip, .. Command(run), .. more]);

    private (int Code, string Output, string Error) Train(int ranks, string run, params string[] more)
    {
        using var job = Begin(ranks, run, more);
        return job.End();
    }

    private bool HasBegun(string run) => File.Exists(Path.Combine(_training.File(run), "config.json"));

    private bool IsFinished(string run) => Directory.Exists(Path.Combine(_training.File(run), "model"));

    /// <summary>A run that was killed before its config.json was there is begun again by the same command.</summary>
    private MpiRun BeginOrGoOn(string run, string[] more) => HasBegun(run)
        ? MpiRun.Start(2, [MpiRun.Flip, "train", "--resume", _training.File(run), "--json"])
        : Begin(2, run, more);

    private string[] Checkpoints(string run) => [.. CheckpointFolder.All(Path.Combine(_training.File(run), "checkpoints"))];

    private static void WaitFor(MpiRun run, Func<bool> condition)
    {
        while (!condition() && !run.HasEnded)
        {
            Thread.Sleep(5);
        }
    }

    private static double[] Losses(string run) => [.. MetricLog.Read(run).Where(line => line.Values.ContainsKey("train/loss")).Select(line => line.Values["train/loss"])];

    private static void AssertSameWeights(string expected, string found)
    {
        var (one, other) = (Weights(expected), Weights(found));
        Assert.Equal(one.Keys, other.Keys);
        var largest = one.Values.Max(values => values.Max(MathF.Abs));
        foreach (var (name, values) in one)
        {
            Assert.All(values.Zip(other[name]), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Tolerance * largest));
        }
    }

    private static SortedDictionary<string, float[]> Weights(string run)
    {
        using var reader = new SafetensorsReader(Path.Combine(run, "model", "model.safetensors"));
        var weights = new SortedDictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var name in reader.Names)
        {
            var values = reader.ReadFloats(name);
            weights[name] = name.EndsWith("qkv.bias", StringComparison.Ordinal) ? [.. values[..(values.Length / 3)], .. values[(values.Length * 2 / 3)..]] : values;
        }

        return weights;
    }
}
