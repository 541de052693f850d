using System.Text.Json;
using Flip.Io;

namespace Flip.Evaluation.Answering;

/// <summary>Files that list answers, in the forms that are in use.</summary>
internal static class AnswerListFile
{
    /// <inheritdoc cref="AnswerVocabulary.Read"/>
    public static AnswerVocabulary Read(string path)
    {
        try
        {
            var bytes = PlainFile.ReadAll(path, JsonInput.MaxTable);
            var text = TextFile.Decode(bytes);
            if (TextFile.IsBroken(text))
            {
                throw new ConfigException(TextFile.Problem);
            }

            return text.AsSpan().TrimStart() is ['[' or '{', ..] ? new(OfJson(text)) : new(OfLines(text));
        }
        catch (Exception e) when (e is ConfigException or JsonException or InvalidDataException)
        {
            throw new ConfigException($"The answers in '{path}' cannot be read: {e.Message}");
        }
    }

    private static List<string> OfJson(string text)
    {
        using var document = JsonDocument.Parse(JsonInput.Checked(text, JsonInput.MaxTable));
        var root = document.RootElement;
        if (root.ValueKind == JsonValueKind.Object)
        {
            return OfIndices(root);
        }

        var bad = root.EnumerateArray().Index().FirstOrDefault(item => item.Item.ValueKind != JsonValueKind.String, (Index: -1, Item: default)).Index;
        return bad < 0
            ? [.. root.EnumerateArray().Select(item => item.GetString()!)]
            : throw new ConfigException($"Entry {bad} is no text. A JSON list of answers holds texts alone.");
    }

    private static List<string> OfIndices(JsonElement root)
    {
        var answers = new SortedDictionary<int, string>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var index) || index < 0)
            {
                throw new ConfigException($"'{property.Name}' has no index: a JSON object gives each answer a whole number from 0.");
            }

            if (!answers.TryAdd(index, property.Name))
            {
                throw new ConfigException($"'{answers[index]}' and '{property.Name}' both have the index {index}.");
            }
        }

        var gap = answers.Keys.Index().FirstOrDefault(key => key.Item != key.Index, (Index: -1, Item: 0)).Index;
        return gap < 0 ? [.. answers.Values] : throw new ConfigException($"No answer has the index {gap}, and there are {answers.Count} answers.");
    }

    private static List<string> OfLines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').ToList();
        if (lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        var bad = lines.FindIndex(string.IsNullOrWhiteSpace);
        return bad < 0 ? [.. lines.Select(line => line.Trim())] : throw new ConfigException($"Line {bad + 1} is empty. A text file has one answer a line.");
    }
}
