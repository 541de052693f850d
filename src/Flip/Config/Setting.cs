using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Config;

/// <summary>One value of the settings tree: its key, type, default and range, and the check of a value against them.</summary>
internal sealed class Setting
{
    private readonly PropertyInfo[] _chain;
    private readonly SettingAttribute _attribute;
    private readonly bool _nullable;
    private readonly Type _type;

    /// <summary>The setting at the end of a chain of properties that starts at a record of settings.</summary>
    public Setting(IReadOnlyList<PropertyInfo> chain)
    {
        _chain = [.. chain];
        var property = _chain[^1];
        _attribute = property.GetCustomAttribute<SettingAttribute>()
            ?? throw new InvalidOperationException($"{property.DeclaringType}.{property.Name} has no [Setting].");
        var inner = Nullable.GetUnderlyingType(property.PropertyType);
        _type = inner ?? property.PropertyType;
        _nullable = inner is not null
            || (!_type.IsValueType && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
        Key = KeyOf(_chain);
    }

    /// <summary>Full key, such as <c>model.image.maskRatio</c>.</summary>
    public string Key { get; }

    /// <summary>One line for people.</summary>
    public string Meaning => _attribute.Meaning;

    /// <summary>True for a number that has no smallest or no largest value, which no setting may be.</summary>
    public bool IsUnbounded => _type.IsPrimitive && _type != typeof(bool) && !(double.IsFinite(_attribute.Min) && double.IsFinite(_attribute.Max));

    /// <summary>Who decides it.</summary>
    public SettingOwner Owner => _attribute.Owner;

    /// <summary>The type in words.</summary>
    public string TypeName => BareTypeName() + (_nullable ? " or null" : string.Empty);

    /// <summary>The key of a chain of properties.</summary>
    public static string KeyOf(IEnumerable<PropertyInfo> chain) =>
        string.Join('.', chain.Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)));

    /// <summary>The value in <paramref name="config"/>.</summary>
    public object? Get(object config) => _chain.Aggregate((object?)config, (owner, property) => property.GetValue(owner));

    /// <summary>A value as JSON.</summary>
    public JsonNode? ToNode(object? value) => value is null ? null : JsonSerializer.SerializeToNode(value, _type, ConfigJson.Options);

    /// <summary>A value as <c>--set</c> takes it: bare where that is read back as the same, else JSON.</summary>
    public string ToText(object? value)
    {
        var json = ToNode(value)?.ToJsonString(ConfigJson.Options) ?? "null";
        return ToNode(value) is JsonValue node && node.TryGetValue<string>(out var bare) && !bare.Any(char.IsWhiteSpace)
            && FromText(bare) is { } read && JsonNode.DeepEquals(read, node)
            ? bare
            : json;
    }

    /// <summary>Reads the text of <c>--set</c>: as JSON if that fits the setting, else as a plain text.</summary>
    public JsonNode? FromText(string text)
    {
        try
        {
            var node = JsonNode.Parse(text, documentOptions: ConfigJson.Reading);
            if (Accepts(node) || (_type == typeof(TextList) && node is JsonArray))
            {
                return node; // a list that does not fit is no text
            }
        }
        catch (JsonException)
        {
            // Not JSON, so it is a plain text.
        }

        return _type == typeof(TextList) ? new JsonArray(text) : JsonValue.Create(text);
    }

    /// <summary>Puts a value that <see cref="Accepts"/> took into the tree of all settings.</summary>
    public void Put(JsonObject tree, JsonNode? value)
    {
        var names = Key.Split('.');
        names[..^1].Aggregate(tree, (group, name) => group[name]!.AsObject())[names[^1]] = value?.DeepClone();
    }

    /// <summary>True if a model's files may say the value: what is the user's to decide, and where a file is read, they may not.</summary>
    public bool IsForModels(JsonNode? node) => Owner != SettingOwner.User
        && (_attribute.Names.Length == 0 || (node is JsonValue value && value.TryGetValue<string>(out var name) && _attribute.Names.Contains(name)));

    /// <summary>True if the value has the setting's type and is in its range.</summary>
    public bool Accepts(JsonNode? node)
    {
        if (node is null)
        {
            return _nullable;
        }

        // The serializer would take an enum's name in any case; one spelling keeps files comparable.
        if (_type.IsEnum)
        {
            return node is JsonValue name && name.TryGetValue<string>(out var text) && EnumNames().Contains(text);
        }

        try
        {
            return InRange(node.Deserialize(_type, ConfigJson.Options));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: a text with half a surrogate pair
        }
    }

    /// <summary>What is wrong with a value of a configuration made in code; null if nothing is.</summary>
    public string? ProblemIn(object config)
    {
        var value = Get(config);
        var good = value is null ? _nullable
            : _type.IsEnum ? Enum.IsDefined(_type, value)
            : InRange(value);
        return good ? null : Problem(SettingTree.Cut(Convert.ToString(value ?? "null", CultureInfo.InvariantCulture)!));
    }

    /// <summary>The line about a value that is refused.</summary>
    public string Problem(string value) => $"{Key} = {value}: must be {Allowed()}";

    /// <summary>Range in words, or the list of names; empty where everything of the type is allowed.</summary>
    public string Range()
    {
        if (_type.IsEnum)
        {
            return string.Join(", ", EnumNames());
        }

        var (min, max) = (Number(_attribute.Min), Number(_attribute.Max));
        return (double.IsFinite(_attribute.Min), double.IsFinite(_attribute.Max)) switch
        {
            (true, true) => $"{(_attribute.AboveMin ? "above" : "from")} {min} to {(_attribute.BelowMax ? "below " : string.Empty)}{max}",
            (true, false) => $"{(_attribute.AboveMin ? "above" : "at least")} {min}",
            (false, true) => $"{(_attribute.BelowMax ? "below" : "at most")} {max}",
            _ => string.Empty,
        };
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private string Allowed()
    {
        var bare = BareTypeName();
        var words = _type.IsEnum ? "one of " + Range()
            : _type == typeof(bool) ? bare
            : _type == typeof(Duration) ? "a number of samples, or a text such as \"1000 steps\", \"32 epochs\" or \"5%\""
            : _type == typeof(string) ? "a text that is not empty, in one line"
            : _type == typeof(TextList) ? "a list of texts that are not empty, each in one line"
            : "a " + bare + (Range().Length > 0 ? ", " + Range() : string.Empty);
        return words + (_nullable ? ", or null" : string.Empty);
    }

    private string BareTypeName() =>
        _type.IsEnum ? "name"
        : _type == typeof(bool) ? "true or false"
        : _type == typeof(string) ? "text"
        : _type == typeof(TextList) ? "list of texts"
        : _type == typeof(Duration) ? "duration"
        : _type == typeof(double) ? "number"
        : "whole number";

    private IEnumerable<string> EnumNames() => Enum.GetNames(_type).Select(JsonNamingPolicy.CamelCase.ConvertName);

    private static bool InRange(string text) => text.Trim().Length > 0 && !text.Any(char.IsControl);

    private bool InRange(object? value) => value switch
    {
        null => false,
        string text => InRange(text),
        TextList texts => texts.All(InRange),
        Duration duration => double.IsFinite(duration.Value) && duration.Value >= 0, // the plan of a training refuses lengths beyond any
        bool => true,
        _ => InRange(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
    };

    private bool InRange(double number) =>
        double.IsFinite(number)
        && (_attribute.AboveMin ? number > _attribute.Min : number >= _attribute.Min)
        && (_attribute.BelowMax ? number < _attribute.Max : number <= _attribute.Max);
}
