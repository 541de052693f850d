using System.Text.Json;
using Flip.Io;
using Microsoft.AspNetCore.Http;

namespace Flip.Server.Requests;

/// <summary>JSON of a request, held to what a request may have before it is parsed.</summary>
internal static class JsonBody
{
    private const string NoJson = "The body is no JSON that is read";

    /// <summary>Parses an object.</summary>
    /// <exception cref="RequestException">It is none, nested too deep, has too many values, a key twice, or a number beyond every number.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, ServerLimits limits)
    {
        try
        {
            CountTokens(json.Span, limits);
            JsonInput.Check(json.Span, new JsonDocumentOptions { MaxDepth = limits.JsonDepth });
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = limits.JsonDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document
                : throw new RequestException(StatusCodes.Status400BadRequest, NoJson, "#", "Expected an object.");
        }
        catch (JsonException e)
        {
            throw new RequestException(StatusCodes.Status400BadRequest, NoJson, "#", e.Message);
        }
    }

    /// <summary>Each value is remembered by the parser, so a body of commas would take many times its length.</summary>
    private static void CountTokens(ReadOnlySpan<byte> json, ServerLimits limits)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = limits.JsonDepth });
        for (var count = 0; reader.Read(); count++)
        {
            if (count > limits.JsonTokens)
            {
                throw new RequestException(StatusCodes.Status400BadRequest, NoJson, "#", FormattableString.Invariant($"There are more than {limits.JsonTokens:N0} values."));
            }
        }
    }
}
