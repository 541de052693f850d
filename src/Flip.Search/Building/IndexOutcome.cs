using Flip.Data;

namespace Flip.Search.Building;

/// <summary>What an <see cref="IndexJob"/> did.</summary>
/// <param name="Changes">What became of the index.</param>
/// <param name="Embedded">Images that were embedded; others were known by their bytes.</param>
/// <param name="Seconds">Time of it all.</param>
/// <param name="Missing">Images that were left out.</param>
public sealed record IndexOutcome(IndexChanges Changes, long Embedded, double Seconds, IReadOnlyList<MissingItem> Missing);
