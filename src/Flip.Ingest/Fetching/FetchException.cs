namespace Flip.Ingest.Fetching;

/// <summary>A file that did not come.</summary>
/// <param name="cause">One of <see cref="FetchCause"/>.</param>
/// <param name="message">What happened to this one.</param>
/// <param name="retryAfter">How long the host asks to wait, if it does.</param>
/// <param name="innerException">What the network said, if anything.</param>
public sealed class FetchException(string cause, string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : FlipException($"{cause}: {message}", innerException)
{
    /// <summary>The cause that is counted.</summary>
    public string Cause { get; } = cause;

    /// <summary>How long the host asks to wait; null where it does not.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether another try may have another end.</summary>
    public bool IsPassing => FetchCause.IsPassing(Cause);
}
