using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flip.Config;

/// <summary>Reads and writes the settings of fine-tuning by the rules of <see cref="ConfigReader"/>: nothing is ignored, all problems are told at once.</summary>
public static class FinetuneConfigFile
{
    private static readonly SettingCatalog Catalog = new(typeof(FinetuneConfig));

    /// <summary>A configuration changed by single settings, <c>mixup=0</c>; the last one of a key counts.</summary>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static FinetuneConfig Overlay(FinetuneConfig start, IEnumerable<string> sets)
    {
        ArgumentNullException.ThrowIfNull(sets);
        return Build(start, [], sets, []);
    }

    /// <summary>What <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">JSON text; keys that it lacks keep their defaults.</param>
    /// <param name="source">What to call the text in errors.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static FinetuneConfig Parse(string json, string source)
    {
        var tree = SettingTree.Parse(json, source, out var problem);
        return Build(new FinetuneConfig(), tree ?? [], [], problem is null ? [] : [problem]);
    }

    /// <summary>Every setting as indented JSON.</summary>
    public static string ToJson(FinetuneConfig config) => JsonSerializer.Serialize(config, ConfigJson.Options) + "\n";

    /// <summary>One row per setting, in the order of the record.</summary>
    public static IReadOnlyList<SettingRow> Describe()
    {
        var defaults = new FinetuneConfig();
        return [.. Catalog.All.Select(setting => new SettingRow(
            setting.Key, setting.TypeName, setting.ToText(setting.Get(defaults)), setting.Range(), setting.Meaning))];
    }

    /// <summary>The settings in which two configurations differ, each as <c>key=value</c> of <paramref name="config"/>.</summary>
    public static IReadOnlyList<string> Difference(FinetuneConfig config, FinetuneConfig baseline) =>
        [.. Catalog.All
            .Where(setting => !Equals(setting.Get(config), setting.Get(baseline)))
            .Select(setting => $"{setting.Key}={setting.ToText(setting.Get(config))}")];

    private static FinetuneConfig Build(FinetuneConfig start, JsonObject file, IEnumerable<string> sets, List<string> problems)
    {
        var tree = new SettingTree(Catalog, start, problems);
        tree.Overlay(string.Empty, file);
        foreach (var set in sets)
        {
            tree.Overlay(set);
        }

        var config = tree.To<FinetuneConfig>();
        problems.AddRange(Rules(config).Where(rule => !rule.Keys.Any(tree.BadKeys.Contains) && !rule.Holds).Select(rule => rule.Problem));
        return problems.Count == 0 ? config : throw new ConfigException(problems);
    }

    private static IEnumerable<(string[] Keys, bool Holds, string Problem)> Rules(FinetuneConfig c)
    {
        yield return (["length"], c.Length is { Value: > 0, Unit: not DurationUnit.Percent },
            $"length = {c.Length}: must be above 0, and no percentage, since it is the whole itself");
        yield return (["warmup", "length"], c.Warmup.Unit == DurationUnit.Percent ? c.Warmup.Value <= 100 : c.Warmup.Unit != c.Length.Unit || c.Warmup.Value <= c.Length.Value,
            $"warmup = {c.Warmup}: must be no longer than length = {c.Length}");
        yield return (["microBatch", "batchSize"], c.MicroBatch <= c.BatchSize,
            $"microBatch = {c.MicroBatch}: must be at most batchSize = {c.BatchSize}");
        foreach (var (key, value) in new (string, Duration?)[]
        {
            ("checkpointEvery", c.CheckpointEvery), ("logEvery", c.LogEvery), ("evaluateEvery", c.EvaluateEvery),
        })
        {
            yield return ([key], value is not { Value: <= 0 }, $"{key} = {value}: must be above 0");
        }
    }
}
