using System.Globalization;
using System.Text.Json;
using Flip.Io;
using Flip.Tokenizers;

namespace Flip.Data.Files;

/// <summary>
/// Texts in JSON: a list (<c>.json</c>) or one value a line (<c>.jsonl</c>). A value is a text, or an object with <c>text</c> or
/// <c>caption</c>, or with a list of them as <c>captions</c>; its key is <c>key</c> or <c>id</c>, else the number of the entry or line.
/// The captions of a list get the key and <c>#0</c>, <c>#1</c> ...
/// </summary>
/// <param name="path">The file.</param>
internal sealed class TextJson(string path) : ITextSource
{
    private const string Lines = ".jsonl";

    /// <summary>Whether a file is one, by its name.</summary>
    public static bool Is(string path) =>
        path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || path.EndsWith(Lines, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    /// <exception cref="ConfigException">The file cannot be opened, or is no JSON list.</exception>
    public IEnumerable<SourceText> Read()
    {
        var placeOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in path.EndsWith(Lines, StringComparison.OrdinalIgnoreCase) ? ReadLines() : ReadList())
        {
            yield return text.Source.Problem is not null || placeOf.TryAdd(text.Source.Key, text.Place)
                ? text.Source
                : Unusable(text.Source.Key, text.Place, $"its key '{text.Source.Key}' is that of {placeOf[text.Source.Key]} already").Source;
        }
    }

    private IEnumerable<(SourceText Source, string Place)> ReadLines()
    {
        foreach (var (index, line) in TextLines.RawLinesOf(path).Index())
        {
            var number = (index + 1).ToString(CultureInfo.InvariantCulture);
            foreach (var text in ParseLine(line, number, $"line {number}"))
            {
                yield return text;
            }
        }
    }

    private List<(SourceText Source, string Place)> ParseLine(string line, string number, string place)
    {
        try
        {
            using var document = UserJson.Parse(line);
            return Parse(document.RootElement, number, place);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair.
            return [Unusable(number, place, line.Trim().Length == 0 ? "the line is blank" : $"no valid JSON ({e.Message.TrimEnd('.')})")];
        }
    }

    private IEnumerable<(SourceText Source, string Place)> ReadList()
    {
        using var document = OpenList();
        foreach (var (index, item) in document.RootElement.EnumerateArray().Index())
        {
            var number = (index + 1).ToString(CultureInfo.InvariantCulture);
            foreach (var text in ParseEntry(item, number))
            {
                yield return text;
            }
        }

        List<(SourceText Source, string Place)> ParseEntry(JsonElement item, string number)
        {
            try
            {
                return Parse(item, number, $"entry {number}");
            }
            catch (InvalidOperationException e)
            {
                return [Unusable(number, $"entry {number}", e.Message.TrimEnd('.'))];
            }
        }
    }

    private JsonDocument OpenList()
    {
        JsonDocument? document = null;
        try
        {
            document = UserJson.Read(path);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? document
                : throw new JsonException("expected a list");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            document?.Dispose();
            throw new ConfigException($"The list of texts '{path}' cannot be read: {e.Message}");
        }
    }

    private List<(SourceText Source, string Place)> Parse(JsonElement item, string number, string place)
    {
        if (TextOf(item) is { } bare)
        {
            return [Usable(number, bare, place)];
        }

        if (item.ValueKind != JsonValueKind.Object)
        {
            return [Unusable(number, place, "neither a text nor an object with 'text', 'caption' or 'captions'")];
        }

        var key = KeyOf(item) ?? number;
        foreach (var name in (ReadOnlySpan<string>)["text", "caption"])
        {
            if (item.TryGetProperty(name, out var value) && TextOf(value) is { } text)
            {
                return [Usable(key, text, place)];
            }
        }

        var captions = Find(item, JsonValueKind.Array, "captions")?.EnumerateArray().Select(TextOf).ToList();
        return captions?.TrueForAll(caption => caption is not null) == true
            ? [.. captions.Select((caption, i) => Usable(string.Create(CultureInfo.InvariantCulture, $"{key}#{i}"), caption!, place))]
            : [Unusable(key, place, "an object without 'text' or 'caption' (a text) or 'captions' (a list of texts)")];
    }

    /// <summary>A text, or a number as it is written; null for anything else.</summary>
    private static string? TextOf(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.String => item.GetString(),
        JsonValueKind.Number => item.GetRawText(),
        _ => null,
    };

    private static string? KeyOf(JsonElement item) => Find(item, JsonValueKind.String, "key", "id") is { } name
        ? UnicodeName.Printable(name.GetString()!)
        : Find(item, JsonValueKind.Number, "key", "id")?.GetRawText();

    private static JsonElement? Find(JsonElement item, JsonValueKind kind, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (item.TryGetProperty(name, out var value) && value.ValueKind == kind)
            {
                return value;
            }
        }

        return null;
    }

    private (SourceText Source, string Place) Usable(string key, string text, string place) =>
        string.IsNullOrWhiteSpace(text) ? Unusable(key, place, "the text is blank")
            : TextFile.IsBroken(text) ? Unusable(key, place, $"the text {TextFile.Problem}")
            : TokenizerLimits.Problem(text) is { } problem ? Unusable(key, place, problem)
            : (new SourceText(key, text.Trim()), place);

    private (SourceText Source, string Place) Unusable(string key, string place, string problem) =>
        (new SourceText(key, null, $"{path}, {place}: {problem}"), place);
}
