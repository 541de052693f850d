using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Config;

/// <summary>Reads and writes a record of settings by the rules of <see cref="ConfigReader"/>: nothing is ignored, all problems are listed together.</summary>
/// <typeparam name="TConfig">The settings.</typeparam>
public sealed class RecipeFile<TConfig>
    where TConfig : class, new()
{
    private readonly IReadOnlyList<SettingRule<TConfig>> _rules;

    /// <param name="rules">What the settings ask of each other, by their catalog.</param>
    internal RecipeFile(Func<SettingCatalog, IEnumerable<SettingRule<TConfig>>> rules) => _rules = [.. rules(Catalog)];

    /// <summary>The settings.</summary>
    internal SettingCatalog Catalog { get; } = new(typeof(TConfig));

    /// <summary>A configuration changed by single settings, <c>mixup=0</c>; the last one of a key counts.</summary>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public TConfig Overlay(TConfig start, IEnumerable<string> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        return Build(start, [], sets, []);
    }

    /// <summary>What <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">JSON text; keys that it lacks keep their defaults.</param>
    /// <param name="source">What to call the text in errors.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public TConfig Parse(string json, string source)
    {
        var tree = SettingTree.Parse(json, source, out var problem);
        return Build(new TConfig(), tree ?? [], [], problem is null ? [] : [problem]);
    }

    /// <summary>Every setting as indented JSON.</summary>
    public string ToJson(TConfig config) => JsonSerializer.Serialize(config, ConfigJson.Options) + "\n";

    /// <summary>One row per setting, in the order of the record.</summary>
    public IReadOnlyList<SettingRow> Describe()
    {
        var defaults = new TConfig();
        return [.. Catalog.All.Select(setting => new SettingRow(
            setting.Key, setting.TypeName, setting.ToText(setting.Get(defaults)), setting.Range(), setting.Meaning))];
    }

    /// <summary>The settings in which two configurations differ, each as <c>key=value</c> of <paramref name="config"/>.</summary>
    public IReadOnlyList<string> Difference(TConfig config, TConfig baseline) =>
        [.. Catalog.All
            .Where(setting => !Equals(setting.Get(config), setting.Get(baseline)))
            .Select(setting => $"{setting.Key}={setting.ToText(setting.Get(config))}")];

    private TConfig Build(TConfig start, JsonObject file, IEnumerable<string> sets, List<string> problems)
    {
        var tree = new SettingTree(Catalog, start, problems);
        tree.Overlay(string.Empty, file);
        foreach (var set in sets)
        {
            tree.Overlay(set);
        }

        var config = tree.To<TConfig>();
        problems.AddRange(SettingRule<TConfig>.Problems(_rules, Catalog, config, tree.BadKeys));
        return problems.Count == 0 ? config : throw new ConfigException(problems);
    }
}
