using System.Diagnostics;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Training;

namespace Flip.SlowTests.Cli;

/// <summary>Runs on a file system of a few megabytes that is full at some moment.</summary>
[Collection(Alone.Name)]
public sealed class FullDiskTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly TinyTraining _training = new(inMemory: true);
    private readonly TemporaryFolder _folder = new();
    private readonly string _disk;
    private bool _isMounted;

    public FullDiskTests() => _disk = Directory.CreateDirectory(_folder.File("disk")).FullName;

    public void Dispose()
    {
        if (_isMounted)
        {
            Call("umount", _disk);
        }

        _folder.Dispose();
        _training.Dispose();
    }

    [Fact]
    public void A_checkpoint_that_does_not_fit_costs_no_earlier_one_and_the_run_goes_on_when_there_is_room()
    {
        var whole = TinyTraining.Weights(_training.Train("whole", TinyTraining.Model));
        var size = Size(Directory.GetDirectories(Path.Combine(_training.File("whole"), "checkpoints"))[0]);
        Mount((2 * size) + (size / 2) + Megabyte); // of two checkpoints and a half
        var run = Path.Combine(_disk, "run");
        var filler = Fill(Path.Combine(_disk, "filler"), Megabyte / 2);
        var (code, _, error) = CommandRun.Run(["train", .. _training.Settings, "--run", run, .. TinyTraining.Model]);
        Assert.Equal(1, code);
        Assert.Contains("flip: Cannot write the checkpoint ", error, StringComparison.Ordinal);
        Assert.Contains("No space left on device", error, StringComparison.Ordinal);
        Assert.Contains($"To go on: flip train --resume {run}", error, StringComparison.Ordinal);

        var said = new List<string>();
        Assert.NotNull(new CheckpointStore(Path.Combine(run, "checkpoints"), 0).NewestWhole(said.Add));
        Assert.Empty(said);
        Assert.DoesNotContain(Directory.GetDirectories(Path.Combine(run, "checkpoints")), folder => folder.EndsWith(".unfinished", StringComparison.Ordinal));

        // Still full: it says so again, and loses nothing.
        CommandRun.AssertFails(["train", "--resume", run, "-s", "train.keepCheckpoints=0"], "No space left on device");
        File.Delete(filler);
        Call("mount", "-o", $"remount,size={32 * Megabyte}", _disk);
        (code, _, error) = CommandRun.Run(["train", "--resume", run, "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal(whole, TinyTraining.Weights(run));
    }

    [Fact]
    public void A_log_that_does_not_fit_is_an_error_that_names_it_and_is_whole_again_when_there_is_room()
    {
        Mount(Megabyte);
        var values = new Dictionary<string, double> { ["train/loss"] = 1 };
        string message;
        long last;
        using (var log = new MetricLog(_disk))
        {
            log.Write(1, 1, values);
            Fill(Path.Combine(_disk, "filler"), 2 * Megabyte);
            var step = 1;
            void WriteOne() => log.Write(++step, step, values);
            message = Assert.Throws<IOException>(() => Array.ForEach(new int[1 << 20], _ => WriteOne())).Message;
        }

        Assert.StartsWith($"Cannot write the log of the run, {Path.Combine(_disk, "metrics.jsonl")} and tensorboard: ", message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", message, StringComparison.Ordinal);
        last = MetricLog.Read(_disk)[^1].Samples;
        File.Delete(Path.Combine(_disk, "filler"));
        using (var log = new MetricLog(_disk, last))
        {
            Assert.Equal(0, log.DamagedLines);
            log.Write(last + 1, last + 1, values);
        }

        Assert.Equal(Enumerable.Range(1, (int)last + 1).Select(step => (long)step), MetricLog.Read(_disk).Select(record => record.Samples));
    }

    private static long Size(string folder) => Directory.GetFiles(folder).Sum(file => new FileInfo(file).Length);

    /// <summary>Takes room until so much is taken or none is left.</summary>
    private static string Fill(string path, int bytes)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var written = 0; written < bytes; written += 1024)
            {
                file.Write(new byte[1024]);
            }
        }
        catch (IOException)
        {
            // Full.
        }

        return path;
    }

    private static bool Call(string command, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(command, args) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private void Mount(long bytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root on Linux: a small file system is mounted");
        _isMounted = Call("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", _disk);
        Assert.SkipUnless(_isMounted, "a file system cannot be mounted here");
    }
}
