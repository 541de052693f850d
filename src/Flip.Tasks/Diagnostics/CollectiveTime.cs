namespace Flip.Tasks.Diagnostics;

/// <summary>How long an operation of all ranks took.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Bytes">Bytes of the whole.</param>
/// <param name="SentBytes">Bytes that a rank sent for it.</param>
/// <param name="Seconds">Median of the rounds, each as long as on its slowest rank.</param>
/// <param name="BestSeconds">The shortest round.</param>
public sealed record CollectiveTime(string Operation, long Bytes, long SentBytes, double Seconds, double BestSeconds)
{
    /// <summary>Bytes a second that a rank sent.</summary>
    public double BytesPerSecond => SentBytes / Seconds;
}
