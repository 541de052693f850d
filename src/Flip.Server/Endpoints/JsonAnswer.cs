using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Flip.Server.Endpoints;

/// <summary>How answers are written.</summary>
internal static class JsonAnswer
{
    /// <summary>OpenAI's style: names in snake case, and nothing that is null.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // application/json with nosniff is never read as a page
        NumberHandling = JsonNumberHandling.Strict,
    };

    /// <summary>An answer.</summary>
    public static IResult Of<T>(T value) => Results.Json(value, Options);
}
