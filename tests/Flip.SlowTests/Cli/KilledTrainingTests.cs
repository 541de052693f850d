using System.Diagnostics;
using Flip.Randomness;
using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Cli;

/// <summary>Trainings whose process is killed (-9) again and again, at any moment and while a checkpoint is written.</summary>
[Collection(Alone.Name)]
public sealed class KilledTrainingTests : IDisposable
{
    private const int Kills = 50;
    private const int KillsOfARun = 10;

    private readonly TinyTraining _training = new(inMemory: true);

    public void Dispose() => _training.Dispose();

    [Fact]
    public void Fifty_kills_change_no_bit_of_the_weights()
    {
        string[] more = [.. TinyTraining.Model, "-s", "train.samples=150 steps", "-s", "train.weightEma=0.9", "-s", "train.keepCheckpoints=2"];
        var clock = Stopwatch.StartNew();
        using (var undisturbed = Begin("whole", more))
        {
            var (code, _, error) = undisturbed.End();
            Assert.True(code == 0, error);
        }

        var (whole, time) = (TinyTraining.Weights(_training.File("whole")), clock.Elapsed);
        var (runs, inCheckpoint, resumed) = (0, 0, 0);
        for (var kill = 0; kill < Kills; runs++)
        {
            var name = $"run{runs}";
            var run = _training.File(name);
            for (var ofRun = 0; ofRun < KillsOfARun && !IsFinished(run); ofRun++, kill++)
            {
                var random = new CounterRandom(29, RandomPurpose.Evaluation, item: kill);
                var left = Unfinished(run).ToHashSet(StringComparer.Ordinal); // by the kill before
                using var process = BeginOrGoOn(name, more);
                resumed += ofRun > 0 ? 1 : 0;
                if (kill % 2 == 1 && process.WaitFor(() => Unfinished(run).Any(folder => !left.Contains(folder))))
                {
                    Thread.Sleep(random.NextInt(4));
                    inCheckpoint++;
                }
                else
                {
                    // From before the process has done anything to beyond the first steps.
                    process.WaitFor(new Countdown(time * random.NextDouble(0, 0.8)).IsOver);
                }

                process.Kill();
            }

            using var last = BeginOrGoOn(name, more);
            var (code, _, error) = last.End();
            Assert.True(code == 0, error);
            Assert.DoesNotContain("is damaged", error, StringComparison.Ordinal); // what a kill leaves never has a checkpoint's name
            Assert.Equal(whole, TinyTraining.Weights(run));
            Directory.Delete(run, recursive: true);
        }

        Assert.True(runs >= Kills / KillsOfARun && resumed > Kills / 3 && inCheckpoint > Kills / 4, $"{runs} runs, {resumed} resumed, {inCheckpoint} killed in a checkpoint");
    }

    private FlipProcess Begin(string name, string[] more) => new(["train", .. _training.Settings, "--run", _training.File(name), .. more]);

    /// <summary>A run that was killed before its config.json was there is begun again by the same command.</summary>
    private FlipProcess BeginOrGoOn(string name, string[] more) =>
        File.Exists(Path.Combine(_training.File(name), "config.json")) ? new FlipProcess("train", "--resume", _training.File(name), "--json") : Begin(name, more);

    private static bool IsFinished(string run) => Directory.Exists(Path.Combine(run, "model"));

    private static string[] Unfinished(string run)
    {
        var checkpoints = Path.Combine(run, "checkpoints");
        return Directory.Exists(checkpoints) ? Directory.GetDirectories(checkpoints, "*.unfinished") : [];
    }

    private sealed class Countdown(TimeSpan time)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public bool IsOver() => _clock.Elapsed >= time;
    }
}
