using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Config;

/// <summary>
/// Makes a configuration from a preset, a JSON file and single settings, each a difference from the one before. Nothing is
/// ignored: unknown keys, wrong types, values out of range and settings that contradict each other are reported all at once.
/// </summary>
public sealed class ConfigReader
{
    private const string PresetKey = "preset";
    private readonly List<string> _problems = [];
    private readonly HashSet<string> _badKeys = [];
    private bool _baseKnown = true;
    private JsonObject _tree = [];

    private ConfigReader()
    {
    }

    /// <summary>The configuration of a run.</summary>
    /// <param name="preset">Name of a preset to start from; null starts from the defaults.</param>
    /// <param name="jsonFile">A JSON file with a difference from it; it may name its preset itself (<c>"preset": "tiny"</c>).</param>
    /// <param name="sets">Single settings, <c>model.image.maskRatio=0.75</c>; the last one of a key counts.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static FlipConfig Resolve(string? preset, string? jsonFile, IEnumerable<string> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        var reader = new ConfigReader();
        var file = jsonFile is null ? [] : reader.ReadFile(jsonFile);
        return reader.Build(reader.StartFrom(preset, file), file, sets);
    }

    /// <summary>The configuration that <see cref="ConfigWriter.ToJson"/> or a person wrote.</summary>
    /// <param name="json">JSON text; keys that it lacks keep their defaults.</param>
    /// <param name="source">What to call the text in errors.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static FlipConfig Parse(string json, string source = "configuration")
    {
        ArgumentNullException.ThrowIfNull(json);
        var reader = new ConfigReader();
        var file = reader.ReadText(json, source);
        return reader.Build(reader.StartFrom(null, file), file, []);
    }

    /// <summary>A configuration changed by single settings, <c>model.image.maskRatio=0.75</c>.</summary>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static FlipConfig Overlay(FlipConfig start, IEnumerable<string> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        return new ConfigReader().Build(start, [], sets);
    }

    /// <summary>Checks ranges and the rules between settings of a configuration that was made in code.</summary>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static void Validate(FlipConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var bad = SettingCatalog.All
            .Select(setting => (setting.Key, Problem: setting.Problem(config)))
            .Where(found => found.Problem is not null)
            .ToList();
        var keys = bad.Select(found => found.Key).ToHashSet();
        Refuse([.. bad.Select(found => found.Problem!), .. ConfigRules.Problems(config, keys)]);
    }

    private static void Refuse(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private FlipConfig Build(FlipConfig start, JsonObject file, IEnumerable<string> sets)
    {
        _tree = JsonSerializer.SerializeToNode(start, ConfigJson.Options)!.AsObject();
        Overlay(string.Empty, file);
        foreach (var set in sets)
        {
            Overlay(set);
        }

        // A rule between settings says nothing true when one of them was refused or the preset is not known.
        var config = _tree.Deserialize<FlipConfig>(ConfigJson.Options)!;
        Refuse(_baseKnown ? [.. _problems, .. ConfigRules.Problems(config, _badKeys)] : _problems);
        return config;
    }

    private JsonObject ReadFile(string path)
    {
        try
        {
            return ReadText(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unreadable($"{path}: cannot be read: {e.Message}");
        }
    }

    private JsonObject ReadText(string json, string source)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: ConfigJson.Reading) as JsonObject
                ?? Unreadable($"{source}: must hold a JSON object, such as {{ \"train\": {{ \"batchSize\": 256 }} }}");
        }
        catch (JsonException e)
        {
            return Unreadable($"{source}: no valid JSON: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private JsonObject Unreadable(string problem)
    {
        _problems.Add(problem);
        _baseKnown = false;
        return [];
    }

    private FlipConfig StartFrom(string? preset, JsonObject file)
    {
        if (file.TryGetPropertyValue(PresetKey, out var node))
        {
            file.Remove(PresetKey);
            if (node is not JsonValue value || !value.TryGetValue<string>(out var named))
            {
                Unreadable($"{PresetKey} = {Show(node)}: must be the name of a preset");
            }
            else if (preset is not null && preset != named)
            {
                Unreadable($"{PresetKey} = {named}: the file asks for this one and the command for {preset}; name one");
            }
            else
            {
                preset = named;
            }
        }

        try
        {
            return preset is null ? new FlipConfig() : Presets.Get(preset).Config;
        }
        catch (ConfigException e)
        {
            Unreadable(e.Problems[0]);
            return new FlipConfig();
        }
    }

    /// <summary>Overlays an object of a file; <paramref name="prefix"/> is the key of its group and a dot.</summary>
    private void Overlay(string prefix, JsonObject source)
    {
        foreach (var (name, value) in source)
        {
            var key = prefix + name;
            if (SettingCatalog.Find(key) is { } setting)
            {
                Put(setting, value, Show(value));
            }
            else if (!SettingCatalog.IsGroup(key))
            {
                Unknown(key);
            }
            else if (value is JsonObject group)
            {
                Overlay(key + ".", group);
            }
            else
            {
                _problems.Add($"{key} = {Show(value)}: must be an object, for it is a group of settings");
            }
        }
    }

    /// <summary>Overlays one <c>key=value</c>.</summary>
    private void Overlay(string set)
    {
        var split = set.IndexOf('=', StringComparison.Ordinal);
        var key = split < 0 ? set.Trim() : set[..split].Trim();
        if (SettingCatalog.Find(key) is { } setting)
        {
            if (split < 0)
            {
                _problems.Add($"{key}: has no value; write {key}=VALUE");
            }
            else
            {
                var text = set[(split + 1)..].Trim();
                Put(setting, setting.FromText(text), text);
            }
        }
        else if (SettingCatalog.IsGroup(key))
        {
            _problems.Add($"{key}: is a group of settings; set one of them, such as {SettingCatalog.FirstOf(key)}");
        }
        else
        {
            Unknown(key);
        }
    }

    private void Put(Setting setting, JsonNode? value, string shown)
    {
        if (setting.Accepts(value))
        {
            setting.Put(_tree, value);
        }
        else
        {
            _problems.Add(setting.Problem(shown));
            _badKeys.Add(setting.Key);
        }
    }

    private void Unknown(string key) => _problems.Add($"{key}: no such setting; did you mean {SettingCatalog.Nearest(key)}?");

    private static string Show(JsonNode? node)
    {
        const int longest = 80;
        var text = node?.ToJsonString() ?? "null";
        return text.Length <= longest ? text : text[..longest] + "...";
    }
}
