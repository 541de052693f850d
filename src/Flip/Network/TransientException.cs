namespace Flip.Network;

/// <summary>A failure that may be gone in a moment: a cut connection, silence, a server that is busy. Retried.</summary>
/// <param name="message">What happened, as a clause without a full stop.</param>
/// <param name="retryAfter">How long the server asks to wait, if it does.</param>
/// <param name="innerException">The cause, if any.</param>
internal sealed class TransientException(string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
