using System.Text.Json;

namespace Flip.Ingest.Downloading;

/// <summary>A row of a list of addresses.</summary>
/// <param name="Url">Where the image is; null where the row has none.</param>
/// <param name="Caption">Its caption; null where the row has none.</param>
/// <param name="Hash">SHA-256 that the file must have, hexadecimal; null for any.</param>
/// <param name="Saved">Values of the columns that are kept, <c>[saved columns]</c>.</param>
public sealed record UrlRow(string? Url, string? Caption, string? Hash, IReadOnlyList<JsonElement?> Saved);
