namespace Flip.Search.Interop;

/// <summary>USearch could not do what it was asked for; the message is its own.</summary>
internal sealed class UsearchException(string message) : IOException(message);
