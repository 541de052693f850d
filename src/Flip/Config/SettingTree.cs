using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Io;

namespace Flip.Config;

/// <summary>
/// A record of settings as a tree on which files and single settings are laid. What does not fit is written down and leaves the tree as it is.
/// </summary>
/// <param name="catalog">The settings of the record.</param>
/// <param name="start">The record to begin with.</param>
/// <param name="problems">Receives what is wrong, a line each.</param>
/// <param name="ofModel">The file is a model's: what it says of settings that are the user's is passed over.</param>
internal sealed class SettingTree(SettingCatalog catalog, object start, List<string> problems, bool ofModel = false)
{
    private const int LongestShown = 80;
    private const int ProblemsSuggested = 20;

    /// <summary>Settings that were all a user's, and what took their place.</summary>
    private static readonly Dictionary<string, string> Retired = new()
    {
        ["eval.zeroShot"] = "eval.on names data sets to measure on (--on)",
        ["eval.retrieval"] = "eval.on names captioned images as captions=PATH (--on)",
        ["eval.classNames"] = "eval.classes and data.classNames name the classes (--classes)",
    };

    private readonly JsonObject _tree = JsonSerializer.SerializeToNode(start, start.GetType(), ConfigJson.Options)!.AsObject();
    private readonly HashSet<string> _badKeys = [];

    /// <summary>Settings that were given a value that they cannot have.</summary>
    public IReadOnlySet<string> BadKeys => _badKeys;

    /// <summary>A value for a message.</summary>
    public static string Show(JsonNode? node) => Cut(node?.ToJsonString() ?? "null");

    /// <summary>The beginning of a text, as much of it as a message has room for.</summary>
    public static string Cut(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "...";

    /// <summary>The text of a JSON object.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What to call it in a problem.</param>
    /// <param name="problem">What is wrong with it, else null.</param>
    public static JsonObject? Parse(string json, string source, out string? problem)
    {
        try
        {
            var tree = JsonNode.Parse(JsonInput.Checked(json, JsonInput.MaxDescription, ConfigJson.Reading), documentOptions: ConfigJson.Reading) as JsonObject;
            problem = tree is null ? $"{source}: must hold a JSON object, such as {{ \"train\": {{ \"batchSize\": 256 }} }}" : null;
            return tree;
        }
        catch (JsonException e)
        {
            problem = $"{source}: no valid JSON: {e.Message.ReplaceLineEndings(" ")}";
            return null;
        }
    }

    /// <summary>The record as it is now.</summary>
    public TConfig To<TConfig>() => _tree.Deserialize<TConfig>(ConfigJson.Options)!;

    /// <summary>Overlays an object of a file; <paramref name="prefix"/> is the key of its group and a dot.</summary>
    public void Overlay(string prefix, JsonObject source)
    {
        foreach (var (name, value) in source)
        {
            var key = prefix + name;
            if (catalog.Find(key) is { } setting)
            {
                if (!ofModel || setting.IsForModels(value))
                {
                    Put(setting, value, Show(value));
                }
            }
            else if (!catalog.IsGroup(key))
            {
                if (!(Retired.ContainsKey(key) && (ofModel || value is null))) // files of earlier versions have them
                {
                    Unknown(key);
                }
            }
            else if (value is JsonObject group)
            {
                Overlay(key + ".", group);
            }
            else
            {
                problems.Add($"{key} = {Show(value)}: must be an object, for it is a group of settings");
            }
        }
    }

    /// <summary>Overlays one <c>key=value</c>.</summary>
    public void Overlay(string set)
    {
        var split = set.IndexOf('=', StringComparison.Ordinal);
        var key = split < 0 ? set.Trim() : set[..split].Trim();
        if (catalog.Find(key) is { } setting)
        {
            if (split < 0)
            {
                problems.Add($"{key}: has no value; write {key}=VALUE");
            }
            else
            {
                var text = set[(split + 1)..].Trim();
                Put(setting, setting.FromText(text), Cut(text));
            }
        }
        else if (catalog.IsGroup(key))
        {
            problems.Add($"{key}: is a group of settings; set one of them, such as {catalog.FirstOf(key)}");
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
            problems.Add(setting.Problem(shown));
            _badKeys.Add(setting.Key);
        }
    }

    /// <summary>What a key is like is looked for while there are few such, and of keys that a person could have meant.</summary>
    private void Unknown(string key) => problems.Add(
        Retired.TryGetValue(key, out var instead) ? $"{key}: is gone, so remove it here; {instead}"
        : $"{Cut(key)}: no such setting{(key.Length <= LongestShown && problems.Count < ProblemsSuggested ? $"; did you mean {catalog.Nearest(key)}?" : ".")}");
}
