namespace Flip.Distributed;

/// <summary>What started this process as one of several.</summary>
public enum Launcher
{
    /// <summary>Open MPI's mpirun.</summary>
    OpenMpi,

    /// <summary>Hydra, the mpirun of MPICH, Intel MPI and MVAPICH, or another that speaks its PMI.</summary>
    Hydra,

    /// <summary>Slurm's srun.</summary>
    Slurm,

    /// <summary>Another that speaks PMIx.</summary>
    Pmix,
}
