namespace Flip;

/// <summary>A failure whose message is written for the user: a setting, a file or a model that is not as it must be. The command prints it as one line.</summary>
public abstract class FlipException : Exception
{
    /// <param name="message">Whole sentences: what is wrong, where, and what to do.</param>
    /// <param name="innerException">What it follows from, or null.</param>
    protected FlipException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
