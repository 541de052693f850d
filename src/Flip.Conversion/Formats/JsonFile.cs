using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Io;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>Configuration files of other libraries.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file of snake_case keys; keys that the type lacks are passed over.</summary>
    /// <exception cref="CheckpointFormatException">The file is no such JSON.</exception>
    public static T Read<T>(string path)
        where T : class => Read(path, bytes => JsonSerializer.Deserialize<T>(bytes.Span, SnakeCase));

    /// <summary>Reads a file as it is.</summary>
    /// <exception cref="CheckpointFormatException">The file is no JSON object, or has a key twice.</exception>
    public static JsonObject ReadObject(string path) => Read(
        path, bytes => JsonNode.Parse(bytes.Span) as JsonObject);

    private static T Read<T>(string path, Func<ReadOnlyMemory<byte>, T?> parse)
        where T : class
    {
        try
        {
            return parse(JsonInput.Read(path)) ?? throw new CheckpointFormatException(path, null, "holds no JSON object");
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException(path, null, $"is no valid configuration ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>Numbers as a JSON array.</summary>
    public static JsonArray Array(float[] numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    /// <summary>Writes an object, indented.</summary>
    public static void Write(string path, JsonNode content) => AtomicFile.WriteText(path, content.ToJsonString(Indented) + "\n");
}
