namespace Flip.Data;

/// <summary>A sample that cannot be used. Training replaces it and counts its cause; evaluation stops.</summary>
/// <param name="cause">Short and stable, one of few: what is counted, such as "no caption".</param>
/// <param name="message">What is wrong with this one sample.</param>
/// <param name="innerException">What a decoder or parser said, if anything.</param>
public class BadSampleException(string cause, string message, Exception? innerException = null) : FlipException(message, innerException)
{
    /// <summary>The cause that is counted.</summary>
    public string Cause { get; } = cause;
}
