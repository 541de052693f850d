namespace Flip.Distributed.Launching;

/// <summary>How a job of several ranks ended.</summary>
/// <param name="Code">Exit code of mpirun.</param>
/// <param name="FailedHost">Machine of the rank that told a failure first; null where none did.</param>
/// <param name="Silent">Machines that no longer answer.</param>
/// <param name="Progressed">Whether the run has a newer checkpoint than before.</param>
public sealed record JobEnd(int Code, string? FailedHost, IReadOnlyList<string> Silent, bool Progressed)
{
    /// <summary>Exit code of ranks that lost another one: the run can go on from its newest checkpoint.</summary>
    public const int RanksLost = CollectiveLimits.LostCode;

    /// <summary>Exit code after Ctrl-C: a checkpoint was written.</summary>
    public const int Interrupted = 130;

    /// <summary>Exit code after SIGTERM: a checkpoint was written.</summary>
    public const int Terminated = 143;

    private const int OfSignals = 128;

    /// <summary>Whether a rank or a machine was lost; any other failure would come again.</summary>
    public bool IsLoss => Code is not (Interrupted or Terminated) && (Code == RanksLost || Code > OfSignals || Silent.Count > 0);
}
