namespace Flip.Ingest.Selection;

/// <summary>What a selection found.</summary>
/// <param name="Rows">Rows of the list.</param>
/// <param name="Unreadable">Lines of it that are no rows; none of them is selected.</param>
/// <param name="Selected">Rows that the condition and the files of uids select.</param>
/// <param name="Written">Rows behind sample and limit: what is written, or would be.</param>
/// <param name="WithoutValue">Columns of the condition, and how many rows have no value in them.</param>
public sealed record SelectResult(long Rows, long Unreadable, long Selected, long Written, IReadOnlyDictionary<string, long> WithoutValue);
