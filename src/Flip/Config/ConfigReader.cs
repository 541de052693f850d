using System.Text.Json.Nodes;
using Flip.Io;

namespace Flip.Config;

/// <summary>
/// Makes a configuration from a preset, a JSON file and single settings, each a difference from the one before. Nothing is
/// ignored: unknown keys, wrong types, values out of range and settings that contradict each other are reported all at once.
/// </summary>
public sealed class ConfigReader
{
    private const string PresetKey = "preset";
    private readonly List<string> _problems = [];
    private bool _baseKnown = true;

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

    /// <summary>What a model's <see cref="ConfigWriter.ToJson"/> says of the model and of its training; settings that are the user's keep their defaults
    /// (<see cref="SettingOwner"/>).</summary>
    /// <inheritdoc cref="Parse(string, string)"/>
    public static FlipConfig ParseModel(string json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        var reader = new ConfigReader();
        var file = reader.ReadText(json, source);
        try
        {
            return reader.Build(reader.StartFrom(null, file), file, [], ofModel: true);
        }
        catch (ConfigException e)
        {
            throw e.In(source);
        }
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
        var bad = OutOfRange(config);
        Refuse([.. bad.Values, .. ConfigRules.Problems(config, bad.Keys.ToHashSet())]);
    }

    /// <summary>What is wrong with the sizes of a model that a file of another library describes; rules that a user's settings can still mend are left out.</summary>
    public static IReadOnlyList<string> SizeProblems(FlipConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var bad = OutOfRange(config);
        return [.. bad.Values, .. ConfigRules.SizeProblems(config, bad.Keys.ToHashSet())];
    }

    private static Dictionary<string, string> OutOfRange(FlipConfig config) => SettingCatalog.Flip.All
        .Select(setting => (setting.Key, Problem: setting.ProblemIn(config)))
        .Where(found => found.Problem is not null)
        .ToDictionary(found => found.Key, found => found.Problem!);

    private static void Refuse(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private FlipConfig Build(FlipConfig start, JsonObject file, IEnumerable<string> sets, bool ofModel = false)
    {
        var tree = new SettingTree(SettingCatalog.Flip, start, _problems, ofModel);
        tree.Overlay(string.Empty, file);
        foreach (var set in sets)
        {
            tree.Overlay(set);
        }

        // A rule between settings says nothing true when one of them was refused or the preset is not known.
        var config = tree.To<FlipConfig>();
        Refuse(_baseKnown ? [.. _problems, .. ConfigRules.Problems(config, tree.BadKeys)] : _problems);
        return config;
    }

    private JsonObject ReadFile(string path)
    {
        try
        {
            return ReadText(JsonInput.ReadText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return Unreadable($"{path}: cannot be read: {e.Message}");
        }
    }

    private JsonObject ReadText(string json, string source) =>
        SettingTree.Parse(json, source, out var problem) ?? Unreadable(problem!);

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
                Unreadable($"{PresetKey} = {SettingTree.Show(node)}: must be the name of a preset");
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
}
