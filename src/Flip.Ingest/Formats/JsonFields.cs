using System.Text.Json;
using Flip.Data;

namespace Flip.Ingest.Formats;

/// <summary>What the <c>.json</c> beside an image says, captions apart.</summary>
internal static class JsonFields
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>No fields.</summary>
    public static IReadOnlyDictionary<string, JsonElement> None { get; } = new Dictionary<string, JsonElement>();

    /// <summary>The fields of an object; none where the bytes are no object, or are nested deeper than metadata is.</summary>
    /// <param name="json">The file's bytes, which may be changed.</param>
    public static IReadOnlyDictionary<string, JsonElement> Of(Memory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(UserJson.Standard(json), Options);
            return document.RootElement.ValueKind != JsonValueKind.Object ? None : document.RootElement.Clone().EnumerateObject()
                .Where(field => field.Name is not ("captions" or "caption") && field.Value.ValueKind != JsonValueKind.Null)
                .GroupBy(field => field.Name, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return None; // InvalidOperationException: a name with half of a surrogate pair
        }
    }
}
