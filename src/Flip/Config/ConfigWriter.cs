using System.Text.Json;

namespace Flip.Config;

/// <summary>Writes settings: whole as JSON, described for people, or as a difference.</summary>
public static class ConfigWriter
{
    /// <summary>Every setting as indented JSON; <see cref="ConfigReader.Parse"/> gives back an equal configuration.</summary>
    public static string ToJson(FlipConfig config) => JsonSerializer.Serialize(config, ConfigJson.Options) + "\n";

    /// <summary>One row per setting, in the order of the records.</summary>
    public static IReadOnlyList<SettingRow> Describe()
    {
        var defaults = new FlipConfig();
        return
        [
            .. SettingCatalog.Flip.All.Select(setting => new SettingRow(
                setting.Key, setting.TypeName, setting.ToText(setting.Get(defaults)), setting.Range(), setting.Meaning)),
        ];
    }

    /// <summary>
    /// The settings in which two configurations differ, each as <c>key=value</c> of <paramref name="config"/>: what
    /// <c>--set</c> needs to get there from <paramref name="baseline"/>.
    /// </summary>
    public static IReadOnlyList<string> Difference(FlipConfig config, FlipConfig baseline) =>
    [
        .. SettingCatalog.Flip.All
            .Where(setting => !Equals(setting.Get(config), setting.Get(baseline)))
            .Select(setting => $"{setting.Key}={setting.ToText(setting.Get(config))}"),
    ];

    /// <summary>
    /// The settings of model and recipe that are not at their defaults, each as <c>key=value</c>: what decides a training's numbers beside its data and its machine. So a setting that a later
    /// version adds makes no other training of those before; a default that changes would have to. A decoder that is not built decides nothing.
    /// </summary>
    public static IEnumerable<string> Decisive(FlipConfig config)
    {
        var defaults = new FlipConfig();
        config = config.Model.Reconstruction.Weight > 0 ? config : config with { Model = config.Model with { Reconstruction = defaults.Model.Reconstruction } };
        return SettingCatalog.Flip.All
            .Where(setting => setting.Owner != SettingOwner.User && !Equals(setting.Get(config), setting.Get(defaults)))
            .Select(setting => $"{setting.Key}={setting.ToText(setting.Get(config))}");
    }
}
