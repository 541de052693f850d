using Flip.Network;

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

    /// <summary>What failed for the moment in every try.</summary>
    internal static DownloadException Of(TransientException e) =>
        new($"{e.Message}. Tried several times; what has arrived is kept, and the same command goes on from there.", e);
}
