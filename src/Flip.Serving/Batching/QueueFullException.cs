namespace Flip.Serving.Batching;

/// <summary>A request that was refused, since too many items wait already. It may be sent again.</summary>
/// <param name="waiting">Items that wait.</param>
/// <param name="length">Items that may wait.</param>
/// <param name="retryAfter">In which time those that wait will be done, about.</param>
public sealed class QueueFullException(int waiting, int length, TimeSpan retryAfter)
    : FlipException(FormattableString.Invariant($"The queue is full: {waiting} of {length} places are taken. Try again in {Math.Ceiling(retryAfter.TotalSeconds)} s."))
{
    /// <summary>In which time those that wait will be done, about; at least a second.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
