using System.Text.Json;
using Flip.Config;
using Flip.Data;

namespace Flip.Evaluation.DataSets;

/// <summary>The fields of a JSON object that is read strictly: what is missing, of another type or unknown becomes a problem, and reading
/// goes on, so that all are reported at once.</summary>
/// <param name="element">The object.</param>
/// <param name="place">Its place for messages, with a blank or dot behind it.</param>
/// <param name="problems">Receives the problems.</param>
internal sealed class JsonFields(JsonElement element, string place, List<string> problems)
{
    private const int OthersShown = 20;
    private const int LongestKey = 100;

    private readonly HashSet<string> _known = [];

    /// <summary>The place for messages.</summary>
    public string Place => place;

    /// <summary>A text that has to be there.</summary>
    public string Text(string name) => OptionalText(name) ?? Missing(name, "a text", "");

    /// <summary>A text; null where it is not there.</summary>
    /// <param name="name">The field.</param>
    /// <param name="mayBreak">Whether it may have line breaks and tabs; other control characters, which terminals obey, no text has.</param>
    public string? OptionalText(string name, bool mayBreak = false) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Trim().Length > 0
            && !text.Any(letter => char.IsControl(letter) && !(mayBreak && letter is '\n' or '\t')) ? text
        : Wrong<string?>(name, "a text without control characters", null);

    /// <summary>A whole number of at least 0; null where it is not there.</summary>
    public int? OptionalNumber(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0 ? number
        : Wrong<int?>(name, "a whole number of at least 0", null);

    /// <summary>A percentage that has to be there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="most">The largest: more than 100 for what is no share.</param>
    public double Percent(string name, int most = 100) => Find(name) is not { } value ? Missing(name, "a number", 0.0)
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= 0 && number <= most ? number
        : Wrong(name, $"a number from 0 to {most}", 0.0);

    /// <summary>True or false; false where it is not there.</summary>
    public bool Flag(string name) => Find(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Wrong(name, "true or false", false));

    /// <summary>One of the names of an enumeration, in camelCase.</summary>
    public T? OptionalChoice<T>(string name)
        where T : struct, Enum
    {
        if (OptionalText(name) is not { } text)
        {
            return null;
        }

        var names = Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName).ToList();
        return names.Contains(text) ? Enum.Parse<T>(text, ignoreCase: true) : Wrong<T?>(name, $"one of {string.Join(", ", names)}", null);
    }

    /// <summary>A list of texts; null where it is not there.</summary>
    public IReadOnlyList<string>? OptionalTexts(string name) => Find(name) is not { } value ? null
        : TextsOf(value) ?? Wrong<IReadOnlyList<string>?>(name, "a list of texts without control characters", null);

    /// <summary>The objects of a list; empty where it is not there.</summary>
    public IReadOnlyList<JsonFields> Objects(string name) => Find(name) is not { } value ? []
        : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? [.. value.EnumerateArray().Select((item, i) => new JsonFields(item, $"{place}{name}[{i}].", problems))]
        : Wrong<IReadOnlyList<JsonFields>>(name, "a list of objects", []);

    /// <summary>A field of any type; null where it is not there.</summary>
    public JsonElement? Find(string name)
    {
        _known.Add(name);
        return element.TryGetProperty(name, out var value) ? value : null;
    }

    /// <summary>Notes a problem of a field.</summary>
    public T Wrong<T>(string name, string expected, T instead)
    {
        problems.Add($"{place}{name}: must be {expected}.");
        return instead;
    }

    /// <summary>Notes the fields that nobody asked for.</summary>
    public void RefuseOthers() => problems.AddRange(element.EnumerateObject()
        .Where(field => !_known.Contains(field.Name))
        .Take(OthersShown)
        .Select(field => field.Name.Length > LongestKey
            ? $"{place}: no key has {field.Name.Length} characters."
            : $"{place}{UnicodeName.Shown(field.Name)}: no such key; did you mean {SettingCatalog.Nearest(field.Name, _known)}?"));

    /// <summary>The texts of a list; null where it is another thing.</summary>
    public static IReadOnlyList<string>? TextsOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            && value.EnumerateArray().Select(item => item.GetString()!).ToList() is var texts && !texts.Exists(text => text.Any(char.IsControl))
            ? texts
            : null;

    private T Missing<T>(string name, string expected, T instead)
    {
        problems.Add($"{place}{name}: is missing; must be {expected}.");
        return instead;
    }
}
