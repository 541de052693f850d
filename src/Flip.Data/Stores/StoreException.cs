namespace Flip.Data.Stores;

/// <summary>A store does not give what it was asked for; the message names the address and what the store said.</summary>
/// <param name="message">What is wrong, and what to check.</param>
/// <param name="innerException">What the store's library said, if anything.</param>
public sealed class StoreException(string message, Exception? innerException = null) : IOException(message, innerException)
{
    /// <summary>Whether the file is not there, or may not be seen: S3 does not tell these apart to those who may not list a bucket.</summary>
    public bool IsMissing { get; init; }
}
