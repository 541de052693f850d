using System.Globalization;

namespace Flip.Distributed;

/// <summary>What a launcher says in the environment of the processes that it starts.</summary>
/// <param name="Launcher">The launcher.</param>
/// <param name="Rank">This process, from 0.</param>
/// <param name="World">Number of processes; null where only MPI knows it.</param>
/// <param name="LocalRank">Its number among those of this machine, from 0; null where it is not said.</param>
/// <param name="LocalWorld">Processes of this machine; null where it is not said.</param>
public sealed record LaunchEnvironment(Launcher Launcher, int Rank, int? World, int? LocalRank, int? LocalWorld)
{
    /// <summary>True where this is the only process, as far as the launcher says.</summary>
    public bool IsAlone => World == 1;

    /// <summary>What started this process; null where nothing that starts several has.</summary>
    public static LaunchEnvironment? Find() => Find(Environment.GetEnvironmentVariable);

    /// <summary>What started a process of such an environment; null where nothing that starts several has.</summary>
    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <remarks>
    /// The nearest launcher wins. mpirun in a Slurm job starts its own helpers as a step, whose variables its processes inherit, so Slurm's count
    /// only where no mpirun has set its own. A plain command in a batch script is in no step, and one of a job's shell is in a step of one.
    /// </remarks>
    public static LaunchEnvironment? Find(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        return OfOpenMpi(variable) ?? OfHydra(variable) ?? OfSlurm(variable) ?? OfPmix(variable);
    }

    private static LaunchEnvironment? OfOpenMpi(Func<string, string?> variable) => Of(
        Launcher.OpenMpi,
        Number(variable, "OMPI_COMM_WORLD_RANK"),
        Number(variable, "OMPI_COMM_WORLD_SIZE"),
        Number(variable, "OMPI_COMM_WORLD_LOCAL_RANK"),
        Number(variable, "OMPI_COMM_WORLD_LOCAL_SIZE"));

    private static LaunchEnvironment? OfHydra(Func<string, string?> variable)
    {
        var (rank, world) = (Number(variable, "PMI_RANK"), Number(variable, "PMI_SIZE"));
        var isOfSlurm = variable("MPI_LOCALRANKID") is null && Number(variable, "SLURM_STEP_NUM_TASKS") == world;
        return isOfSlurm ? null : Of(Launcher.Hydra, rank, world, Number(variable, "MPI_LOCALRANKID"), Number(variable, "MPI_LOCALNRANKS"));
    }

    private static LaunchEnvironment? OfSlurm(Func<string, string?> variable) => Number(variable, "SLURM_STEP_NUM_TASKS") is > 1 and var world
        ? Of(Launcher.Slurm, Number(variable, "SLURM_PROCID"), world, Number(variable, "SLURM_LOCALID"), TasksOfNode(variable))
        : null;

    private static LaunchEnvironment? OfPmix(Func<string, string?> variable) =>
        variable("PMIX_NAMESPACE") is not null && Number(variable, "PMIX_RANK") is { } rank && Number(variable, "SLURM_STEP_NUM_TASKS") != 1
            ? new LaunchEnvironment(Launcher.Pmix, rank, null, null, null)
            : null;

    private static LaunchEnvironment? Of(Launcher launcher, int? rank, int? world, int? localRank, int? localWorld) =>
        rank is { } number && world is { } all && number < all ? new LaunchEnvironment(launcher, number, all, localRank, localWorld) : null;

    /// <summary>Slurm writes the tasks of its nodes in short: <c>2(x3),1</c> are 2, 2, 2 and 1.</summary>
    private static int? TasksOfNode(Func<string, string?> variable)
    {
        if (Number(variable, "SLURM_NODEID") is not { } node || variable("SLURM_STEP_TASKS_PER_NODE") is not { } list)
        {
            return null;
        }

        foreach (var part in list.Split(','))
        {
            var sides = part.TrimEnd(')').Split("(x");
            if (Parse(sides[0]) is not { } tasks || (sides.Length == 2 ? Parse(sides[1]) : 1) is not { } nodes)
            {
                return null;
            }

            if (node < nodes)
            {
                return tasks;
            }

            node -= nodes;
        }

        return null;
    }

    private static int? Number(Func<string, string?> variable, string name) => Parse(variable(name));

    private static int? Parse(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
