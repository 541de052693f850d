using Flip.Distributed;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Benchmarking;

/// <summary>What <c>flip doctor</c> found of the processes that a launcher has started.</summary>
/// <param name="Launcher">The launcher.</param>
/// <param name="Mpi">MPI's library.</param>
/// <param name="Nccl">NCCL's library; null where there is none, which matters on GPUs alone.</param>
/// <param name="NcclProblem">Why there is none.</param>
/// <param name="Ranks">Each rank.</param>
/// <param name="Checks">Whether what they exchange arrives; none where a rank has a problem of its own.</param>
/// <param name="Times">How fast it is: a small and a large size of each operation.</param>
public sealed record RanksReport(
    Launcher Launcher,
    CollectiveLibrary Mpi,
    CollectiveLibrary? Nccl,
    string? NcclProblem,
    IReadOnlyList<RankFacts> Ranks,
    IReadOnlyList<CheckResult> Checks,
    IReadOnlyList<CollectiveTime> Times);

/// <summary>One rank.</summary>
/// <param name="Rank">The rank, from 0.</param>
/// <param name="Host">Its machine.</param>
/// <param name="LocalRank">Its number on that machine, from 0.</param>
/// <param name="Device">Where it computes; null where nothing can be found.</param>
/// <param name="Gpu">The name of its GPU; null on the processor.</param>
/// <param name="Threads">Threads that it computes with.</param>
/// <param name="Problem">The first thing that is wrong with it; null where nothing is.</param>
public sealed record RankFacts(int Rank, string Host, int LocalRank, string? Device, string? Gpu, int Threads, string? Problem);
