using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Tokenizers;

/// <summary>A value in a <c>tokenizer.json</c>, with its place for the errors.</summary>
/// <param name="file">The file.</param>
/// <param name="place">Names on the way to the value, such as <c>model.vocab</c>; empty for the whole.</param>
/// <param name="value">The value.</param>
internal sealed class TokenizerPart(string file, string place, JsonElement value)
{
    /// <summary>Settings of a step that leave the ids as they are: they move the places in the text that a token is said to come from.</summary>
    private static readonly string[] WithoutEffect = ["trim_offsets", "use_regex"];

    private const int LongestShown = 120;

    public string File { get; } = file;

    /// <summary>The value under a name, or null where it is missing or null.</summary>
    public TokenizerPart? Find(string name) =>
        Expect(JsonValueKind.Object, "an object").TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null
            ? new TokenizerPart(File, Under(name), found)
            : null;

    public TokenizerPart Part(string name) => Find(name) ?? throw new VocabularyException(File, $"has no {Short(Under(name))}");

    public string Text() => Expect(JsonValueKind.String, "a text").GetString()!;

    public int Number() => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
        ? number
        : throw Wrong("an integer");

    public float Single() => value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && float.IsFinite(number)
        ? number
        : throw Wrong("a number");

    /// <summary>Bytes that are written as base64.</summary>
    public byte[] Bytes() => value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : throw Wrong("base64");

    public bool Boolean() => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong("true or false");

    public IEnumerable<(string Name, TokenizerPart Value)> Entries() =>
        Expect(JsonValueKind.Object, "an object").EnumerateObject().Select(entry => (entry.Name, new TokenizerPart(File, Under(entry.Name), entry.Value)));

    public IEnumerable<TokenizerPart> Items() =>
        Expect(JsonValueKind.Array, "a list").EnumerateArray().Select((item, i) => new TokenizerPart(File, $"{place}[{i}]", item));

    /// <summary>The ids of tokens.</summary>
    /// <exception cref="VocabularyException">A token is there twice or too long, or there are too many.</exception>
    public Dictionary<string, int> Ids()
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in Expect(JsonValueKind.Object, "an object of tokens and ids").EnumerateObject())
        {
            var name = token.Name;
            RequireLength(name, TokenizerLimits.TokenLength);
            if (!ids.TryAdd(name, new TokenizerPart(File, Under(name), token.Value).Number()))
            {
                throw new VocabularyException(File, $"the token {Quoted(name)} is there twice");
            }
        }

        return ids.Count <= TokenizerLimits.Tokens
            ? ids
            : throw new VocabularyException(File, $"has {ids.Count} tokens, the most that are read are {TokenizerLimits.Tokens}");
    }

    /// <summary>Refuses a token that is too long to be one.</summary>
    public void RequireLength(string token, int longest)
    {
        if (token.Length > longest)
        {
            throw new VocabularyException(File, $"the token {Quoted(token)} has {token.Length} characters, the most that are read are {longest}");
        }
    }

    /// <summary>Items of a list.</summary>
    public int Count() => Expect(JsonValueKind.Array, "a list").GetArrayLength();

    public bool IsList => value.ValueKind == JsonValueKind.Array;

    public bool IsText => value.ValueKind == JsonValueKind.String;

    /// <summary>Refuses a step that is none of the forms; the error names the first difference from the first form.</summary>
    public static void Require(TokenizerPart whole, string name, params JsonNode[] forms)
    {
        var step = whole.Find(name);
        if (step is null)
        {
            throw new VocabularyException(whole.File, $"has no {name}, so that its ids are others than ours: expected {Short(forms[0].ToJsonString())}");
        }

        step.RequireOneOf(forms);
    }

    /// <summary>Refuses a step that is none of the forms; the error names the first difference from the first form.</summary>
    public void RequireOneOf(params JsonNode[] forms)
    {
        var differences = forms.Select(Difference).ToList();
        if (differences.All(difference => difference is not null))
        {
            throw new VocabularyException(File, $"gives other ids than ours: {differences[0]}");
        }
    }

    /// <summary>Refuses a setting that would change the ids; a missing one is as if it were expected.</summary>
    public void RequireSetting(string name, JsonNode expected)
    {
        if (Find(name)?.Difference(expected) is { } difference)
        {
            throw new VocabularyException(File, $"gives other ids than ours: {difference}");
        }
    }

    /// <summary>A text of the file as an error shows it: cut, and without what a terminal would obey.</summary>
    public static string Quoted(string? text) => text is null ? "nothing" : Short(JsonSerializer.Serialize(text, TokenizerFile.Readable));

    /// <summary>A text of the file, cut for an error.</summary>
    public static string Short(string text) => text.Length > LongestShown ? text[..LongestShown] + "…" : text;

    private string? Difference(JsonNode? expected)
    {
        switch (expected)
        {
            case JsonObject form:
                return value.ValueKind != JsonValueKind.Object
                    ? Differs(form)
                    : form.Where(property => !WithoutEffect.Contains(property.Key))
                        .Select(property => Find(property.Key) is { } part
                            ? part.Difference(property.Value)
                            : property.Value is null ? null : $"{Under(property.Key)} is missing, expected {Short(property.Value.ToJsonString())}")
                        .FirstOrDefault(difference => difference is not null);
            case JsonArray form:
                return value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != form.Count
                    ? Differs(form)
                    : Items().Zip(form, (item, part) => item.Difference(part)).FirstOrDefault(difference => difference is not null);
            default:
                using (var form = JsonDocument.Parse(expected?.ToJsonString() ?? "null"))
                {
                    return JsonElement.DeepEquals(value, form.RootElement) ? null : Differs(expected);
                }
        }
    }

    private string Differs(JsonNode? expected) => $"{Short(place)} is {Shown()}, expected {Short(expected?.ToJsonString() ?? "nothing")}";

    private JsonElement Expect(JsonValueKind kind, string what) => value.ValueKind == kind ? value : throw Wrong(what);

    private VocabularyException Wrong(string expected) =>
        new(File, $"{(place.Length > 0 ? Short(place) : "the whole")} is {Shown()}, expected {expected}");

    private string Under(string name) => place.Length > 0 ? $"{place}.{name}" : name;

    private string Shown() => Short(value.GetRawText());
}
