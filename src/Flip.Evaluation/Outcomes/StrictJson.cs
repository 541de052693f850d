using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Evaluation.Outcomes;

/// <summary>How results are written, and what is read back: nothing unknown, nothing missing, nothing twice.</summary>
internal static class StrictJson
{
    /// <summary>One line.</summary>
    public static JsonSerializerOptions Line { get; } = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>For people to read.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Line) { WriteIndented = true, NewLine = "\n" };

    /// <summary>The reader's message without its own place, which counts lines in another way than people do.</summary>
    public static string Message(JsonException e)
    {
        var end = e.Message.IndexOf(" Path: ", StringComparison.Ordinal) is >= 0 and var path ? path : e.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }
}
