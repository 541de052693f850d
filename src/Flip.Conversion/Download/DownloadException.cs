namespace Flip.Conversion.Download;

/// <summary>A download that cannot succeed as asked; the message names the file or address, what was expected and what came.</summary>
public sealed class DownloadException : IOException
{
    /// <param name="message">What is wrong and what to check.</param>
    /// <param name="innerException">The cause, if any.</param>
    public DownloadException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
