using System.Globalization;

namespace Flip.Config;

/// <summary>Settings that are numbers or lengths, as multiples of what they are.</summary>
public static class SettingNumber
{
    /// <summary>Why a setting cannot be multiplied; null where it can.</summary>
    /// <param name="key">Its key, such as <c>train.batchSize</c>.</param>
    public static string? Problem(string key)
    {
        var setting = SettingCatalog.Flip.Find(key);
        return setting is null ? $"{key} is no setting; did you mean {SettingCatalog.Flip.Nearest(key)}?"
            : setting.Get(new FlipConfig()) is int or long or double or Duration ? null
            : $"{key} is no number.";
    }

    /// <summary>A setting's value times a factor, <c>key=value</c>; whole numbers are rounded, and are at least 1.</summary>
    /// <param name="config">Has the value.</param>
    /// <param name="key">The setting.</param>
    /// <param name="factor">The factor.</param>
    /// <exception cref="ConfigException">The setting is no number.</exception>
    public static string Times(FlipConfig config, string key, double factor) => SettingCatalog.Flip.Find(key)?.Get(config) switch
    {
        int number => Text(key, Math.Max(1, Math.Round(number * factor))),
        long number => Text(key, Math.Max(1, Math.Round(number * factor))),
        double number => Text(key, number * factor),
        Duration length => $"{key}={length with { Value = length.Value * factor }}",
        _ => throw new ConfigException(Problem(key) ?? $"{key} has no value that can be multiplied."),
    };

    private static string Text(string key, double value) => string.Create(CultureInfo.InvariantCulture, $"{key}={value:R}");
}
