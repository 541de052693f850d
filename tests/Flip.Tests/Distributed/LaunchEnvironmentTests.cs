using Flip.Distributed;

namespace Flip.Tests.Distributed;

public sealed class LaunchEnvironmentTests
{
    [Fact]
    public void Nothing_is_no_launcher() => Assert.Null(Find());

    [Fact]
    public void Open_mpi_tells_all() => Assert.Equal(
        new LaunchEnvironment(Launcher.OpenMpi, 5, 8, 1, 4),
        Find(("OMPI_COMM_WORLD_RANK", "5"), ("OMPI_COMM_WORLD_SIZE", "8"), ("OMPI_COMM_WORLD_LOCAL_RANK", "1"), ("OMPI_COMM_WORLD_LOCAL_SIZE", "4"), ("PMIX_RANK", "5"), ("PMIX_NAMESPACE", "x")));

    [Fact]
    public void Hydra_tells_all() => Assert.Equal(
        new LaunchEnvironment(Launcher.Hydra, 1, 2, 1, 2),
        Find(("PMI_RANK", "1"), ("PMI_SIZE", "2"), ("MPI_LOCALRANKID", "1"), ("MPI_LOCALNRANKS", "2")));

    [Theory]
    [InlineData("0", 2)]
    [InlineData("2", 2)]
    [InlineData("3", 1)]
    [InlineData("4", null)]
    public void Srun_tells_all(string node, int? local) => Assert.Equal(
        new LaunchEnvironment(Launcher.Slurm, 3, 7, 1, local),
        Find(("SLURM_STEP_NUM_TASKS", "7"), ("SLURM_PROCID", "3"), ("SLURM_LOCALID", "1"), ("SLURM_NODEID", node), ("SLURM_STEP_TASKS_PER_NODE", "2(x3),1")));

    [Fact]
    public void Srun_with_pmi_is_slurm_and_with_pmix_too()
    {
        (string, string)[] step = [("SLURM_STEP_NUM_TASKS", "2"), ("SLURM_PROCID", "1"), ("SLURM_LOCALID", "1")];
        Assert.Equal(Launcher.Slurm, Find([.. step, ("PMI_RANK", "1"), ("PMI_SIZE", "2")])?.Launcher);
        Assert.Equal(Launcher.Slurm, Find([.. step, ("PMIX_RANK", "1"), ("PMIX_NAMESPACE", "slurm.pmix.1.0")])?.Launcher);
    }

    [Fact]
    public void A_plain_command_of_a_batch_script_is_a_single_process() =>
        Assert.Null(Find(("SLURM_JOB_ID", "1"), ("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8"), ("SLURM_LOCALID", "0"), ("SLURM_NODEID", "0")));

    [Fact]
    public void A_step_of_one_task_is_a_single_process() =>
        Assert.Null(Find(("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0"), ("PMIX_RANK", "0"), ("PMIX_NAMESPACE", "slurm.pmix.1.0")));

    [Fact]
    public void Of_mpirun_in_a_step_of_slurm_mpirun_wins()
    {
        (string, string)[] step = [("SLURM_STEP_NUM_TASKS", "3"), ("SLURM_PROCID", "2")];
        Assert.Equal(8, Find([.. step, ("OMPI_COMM_WORLD_RANK", "5"), ("OMPI_COMM_WORLD_SIZE", "8")])?.World);
        Assert.Equal(12, Find([.. step, ("PMI_RANK", "5"), ("PMI_SIZE", "12"), ("MPI_LOCALRANKID", "1"), ("MPI_LOCALNRANKS", "4")])?.World);
    }

    [Fact]
    public void Of_another_pmix_the_number_is_not_known() =>
        Assert.Equal(new LaunchEnvironment(Launcher.Pmix, 2, null, null, null), Find(("PMIX_RANK", "2"), ("PMIX_NAMESPACE", "x")));

    [Theory]
    [InlineData("x", "2")]
    [InlineData("2", "2")]
    [InlineData("-1", "2")]
    [InlineData("", "")]
    public void Numbers_that_are_none_are_no_launcher(string rank, string size) =>
        Assert.Null(Find(("OMPI_COMM_WORLD_RANK", rank), ("OMPI_COMM_WORLD_SIZE", size)));

    [Fact]
    public void One_process_is_alone() => Assert.True(Find(("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "1"))!.IsAlone);

    private static LaunchEnvironment? Find(params (string Name, string Value)[] variables) =>
        LaunchEnvironment.Find(name => variables.Where(one => one.Name == name).Select(one => one.Value).FirstOrDefault());
}
