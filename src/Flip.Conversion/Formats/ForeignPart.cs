using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Conversion.Formats;

/// <summary>
/// One object of another library's configuration, read key by key. A value of the wrong type, one that Flip cannot follow, and a key that nobody
/// asked for become problems that name the key; reading goes on, so that all of them are reported at once. A key with null counts as absent.
/// </summary>
internal sealed class ForeignPart
{
    private const int ShownCharacters = 60;

    private readonly JsonObject _values;
    private readonly string _prefix;
    private readonly List<string> _problems;
    private readonly HashSet<string> _asked = [];

    /// <param name="values">The object; null is one without keys.</param>
    /// <param name="prefix">What stands before its keys in messages, such as <c>vision_cfg.</c></param>
    /// <param name="problems">Receives the problems, whole phrases.</param>
    public ForeignPart(JsonObject? values, string prefix, List<string> problems) => (_values, _prefix, _problems) = (values ?? [], prefix, problems);

    /// <summary>Whether a key has a value.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>Whether a key is there, were it with null.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>Whether a key has a list.</summary>
    public bool IsList(string key) => Find(key) is JsonArray;

    /// <summary>A whole number of at least 1. Of a size with a height and a width they have to be the same.</summary>
    public int Size(string key, int fallback)
    {
        var value = Find(key);
        if (value is JsonArray { Count: 2 } sides && JsonNode.DeepEquals(sides[0], sides[1]))
        {
            value = sides[0];
        }

        return value is null ? fallback : Number(value) is { } number and >= 1 and <= int.MaxValue && number == Math.Floor(number)
            ? (int)number
            : Wrong(key, value is JsonArray ? "Flip's images are squares" : "a whole number of at least 1 is expected", fallback);
    }

    /// <summary>A number above 0.</summary>
    public double Positive(string key, double fallback)
    {
        var value = Find(key);
        return value is null ? fallback : Number(value) is { } number and > 0 && double.IsFinite(number)
            ? number
            : Wrong(key, "a number above 0 is expected", fallback);
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool fallback = false)
    {
        var value = Find(key);
        return value is null ? fallback : value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => Wrong(key, "true or false is expected", fallback),
        };
    }

    /// <summary>A text; null where there is none.</summary>
    public string? Text(string key)
    {
        var value = Find(key);
        return value is null ? null : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : Wrong<string?>(key, "a text is expected", null);
    }

    /// <summary>One of some texts, the first of which is meant where there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="why">What is said of any other.</param>
    /// <param name="known">The texts.</param>
    public string OneOf(string key, string why, params ReadOnlySpan<string> known)
    {
        var text = Text(key) ?? known[0];
        return known.Contains(text) ? text : Wrong(key, why, known[0]);
    }

    /// <summary>Numbers; one alone stands for three. Null where there are none.</summary>
    public IReadOnlyList<double>? Numbers(string key)
    {
        var value = Find(key);
        IReadOnlyList<double?> numbers = value is JsonArray list ? [.. list.Select(Number)] : Enumerable.Repeat(Number(value), 3).ToList();
        return value is null ? null : numbers.All(number => number is not null)
            ? [.. numbers.Select(number => number!.Value)]
            : Wrong<IReadOnlyList<double>?>(key, "numbers are expected", null);
    }

    /// <summary>An object inside; one without keys where there is none.</summary>
    public ForeignPart Part(string key)
    {
        var value = Find(key);
        return new ForeignPart(value as JsonObject ?? (value is null ? null : Wrong<JsonObject?>(key, "an object is expected", null)), $"{_prefix}{key}.", _problems);
    }

    /// <summary>A setting that Flip does not have: any value but false, 0, an empty text or object is a problem.</summary>
    public void Refuse(string key, string why)
    {
        if (Find(key) is { } value && !IsOff(value))
        {
            Refused(key, why);
        }
    }

    /// <summary>A setting that Flip always has: false is a problem.</summary>
    public void Require(string key, string why)
    {
        if (!Flag(key, true))
        {
            Refused(key, why);
        }
    }

    /// <summary>The value of a key is a problem.</summary>
    public void Refused(string key, string why) => _problems.Add($"{_prefix}{key} = {Shown(_values[key])}: {why}");

    /// <summary>Keys that do not change what a trained model computes.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _asked.Add(key);
        }
    }

    /// <summary>Keys that nobody asked for.</summary>
    public IReadOnlyList<string> Rest() => [.. _values.Select(pair => pair.Key).Where(key => !_asked.Contains(key)).Select(key => _prefix + key)];

    /// <summary>Makes the keys that nobody asked for problems.</summary>
    public void RefuseRest() => _problems.AddRange(Rest().Select(key => $"{key}: no setting of open_clip that Flip knows"));

    private JsonNode? Find(string key)
    {
        _asked.Add(key);
        return _values[key];
    }

    private T Wrong<T>(string key, string why, T fallback)
    {
        Refused(key, why);
        return fallback;
    }

    private static double? Number(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number && value.AsValue().TryGetValue<double>(out var number) ? number : null;

    private static bool IsOff(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Number => Number(value) == 0,
        JsonValueKind.String => value.GetValue<string>().Length == 0,
        JsonValueKind.Object => value.AsObject().Count == 0,
        _ => false,
    };

    private static string Shown(JsonNode? value)
    {
        var text = value is JsonValue scalar && scalar.TryGetValue<string>(out var bare) ? bare : value?.ToJsonString() ?? "null";
        return text.Length <= ShownCharacters ? text : text[..ShownCharacters] + "…";
    }
}
