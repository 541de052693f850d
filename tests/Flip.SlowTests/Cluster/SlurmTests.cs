using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Cluster;

/// <summary>Jobs of Slurm's own daemons on this machine.</summary>
[Collection(Alone.Name)]
public sealed class SlurmTests
{
    private static readonly string Flip = Path.Combine(AppContext.BaseDirectory, "flip");
    private static readonly string Script = SharedData.Test("../deploy/slurm.sh");

    [Fact]
    public void Ranks_of_srun_find_each_other()
    {
        using var slurm = new SlurmRig();
        var (code, output, error) = slurm.Run(180, "srun", "--mpi=pmix", "-N2", "-n2", Flip, "bench", "comm", "--largest", "1");
        Assert.True(code == 0, output + error);
        Assert.Contains("2 ranks", output, StringComparison.Ordinal);
        Assert.Contains("| all-reduce |", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_is_asked_to_stop_or_pre_empted_requeues_and_finishes_its_run()
    {
        using var slurm = new SlurmRig();
        using var training = new TinyTraining();
        var (run, log) = (training.File("run"), slurm.Named("job.log"));
        slurm.Variables["FLIP"] = Flip;
        slurm.Variables["RUN"] = run;
        string[] settings = [.. training.Settings, .. TinyTraining.Model, "-s", "train.samples=3000 steps", "-s", "train.checkpointEvery=50 steps", "-s", "train.logEvery=100 steps", "-s", "train.keepCheckpoints=2"];
        var job = slurm.Output([
            "sbatch", "--parsable", "--partition=low", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=1", "--gpus-per-node=1", "--time=10", $"--output={log}", Script, .. settings]);

        slurm.Await("A checkpoint", 180, () => Checkpoints(run) > 0, log);
        slurm.Output("scancel", "--signal=USR1", job); // as --signal does it before the time limit
        slurm.Await("The job's own requeue", 120, () => slurm.Job(job, "Restarts") == "1", log);

        var newest = Newest(run);
        slurm.Await("A checkpoint of the second start", 180, () => Newest(run) != newest, log);
        slurm.Output("sbatch", "--partition=high", "--nodes=2", "--time=1", "--output=/dev/null", "--wrap", "true");
        slurm.Await("Slurm's requeue", 120, () => slurm.Job(job, "Restarts") == "2", log);

        slurm.Await("The end", 300, () => slurm.Job(job, "JobState") is "COMPLETED" or "FAILED" or "TIMEOUT" or "CANCELLED", log);
        var said = File.ReadAllText(log);
        Assert.True(slurm.Job(job, "JobState") == "COMPLETED", said);
        Assert.Contains("\"steps\": 3000", File.ReadAllText(Path.Combine(run, "results.json")), StringComparison.Ordinal);
    }

    private static int Checkpoints(string run) => Directory.Exists(Path.Combine(run, "checkpoints")) ? Directory.GetDirectories(Path.Combine(run, "checkpoints")).Length : 0;

    private static string? Newest(string run) => Directory.GetDirectories(Path.Combine(run, "checkpoints")).Max(StringComparer.Ordinal);
}
