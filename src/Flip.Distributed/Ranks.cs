using Flip.Collectives;
using Flip.Devices;
using Flip.Native;

namespace Flip.Distributed;

/// <summary>How a program becomes one of several: it calls <see cref="Join"/> once, before anything has used a device.</summary>
public static class Ranks
{
    /// <summary>
    /// Joins the processes that a launcher has started. Each takes one GPU of those that its machine shows, and its part of the processors
    /// (<see cref="Processors.Available"/>). Without a launcher nothing is loaded.
    /// </summary>
    /// <param name="launch">What the launcher says; null without one.</param>
    /// <param name="limits">How long ranks wait for each other; null for those of the environment.</param>
    /// <returns>All ranks, or a single process.</returns>
    /// <exception cref="ConfigException">A setting in the environment is wrong.</exception>
    /// <exception cref="CollectiveException">There is no MPI, it does not start, or it is not the launcher's.</exception>
    public static ICommunicator Join(LaunchEnvironment? launch, CollectiveLimits? limits = null)
    {
        if (launch is null or { IsAlone: true })
        {
            return OneProcess.Instance;
        }

        limits ??= CollectiveLimits.OfEnvironment();

        // An MPI that knows CUDA may ask it at its start, and what is shown after that changes nothing.
        if (launch.LocalRank is { } local)
        {
            Show(local);
        }

        var mpi = MpiCommunicator.Start(launch, limits);
        if (launch.LocalRank is null)
        {
            Show(mpi.Places[mpi.Rank].LocalRank);
        }

        Processors.Share(ProcessorShare.Agree(mpi));
        return new RankCommunicator(mpi, limits);
    }

    private static void Show(int localRank)
    {
        if (VisibleDevices.Of(Environment.GetEnvironmentVariable(VisibleDevices.Variable), localRank) is { } list)
        {
            NativeEnvironment.ShowDevices(list);
        }
    }
}
