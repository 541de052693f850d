namespace Flip.Ingest.Selection;

/// <summary>A query that the database refuses or cannot finish.</summary>
/// <param name="message">What the database says, in one line.</param>
/// <param name="inner">Its own exception.</param>
internal sealed class QueryException(string message, Exception inner) : Exception(message, inner);
