using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands;

/// <summary>How a finished model on an image tower is used, as options: where it computes, how many images at a time, and what the task adds. Settings of its training are refused.</summary>
/// <typeparam name="TConfig">Settings of the task.</typeparam>
/// <param name="recipe">Reads them.</param>
/// <param name="batch">Meaning of the batch size.</param>
/// <param name="groups">Groups of settings that are the user's at any time, such as <c>decoding.</c>.</param>
/// <param name="more">Short options of the task: key of the setting, option.</param>
internal sealed class UseOptions<TConfig>(RecipeFile<TConfig> recipe, string batch, IReadOnlyList<string> groups, params IReadOnlyList<(string Key, Option<string?> Option)> more)
    where TConfig : ImageTaskConfig, new()
{
    private readonly string[] _free = [.. groups, "device=", "precision=", "threads=", "workers=", "evalBatchSize="];

    private readonly (string Key, Option<string?> Option)[] _shortcuts =
    [
        .. more,
        ("evalBatchSize", new("--batch-size") { Description = batch }),
        ("device", new("--device") { Description = "auto, cpu, cuda or cuda:N." }),
    ];

    private readonly Option<string[]> _sets = new("--set", "-s")
    {
        Description = "One setting, such as precision=fp32 or workers=4.",
        HelpName = "key=value",
        AllowMultipleArgumentsPerToken = false,
    };

    public void AddTo(Command command)
    {
        foreach (var option in _shortcuts.Select(shortcut => (Option)shortcut.Option).Append(_sets))
        {
            command.Add(option);
        }
    }

    /// <param name="result">What was given.</param>
    /// <param name="start">Values of what was not; null for the defaults.</param>
    /// <exception cref="ConfigException">A value is wrong, or a setting belongs to a training.</exception>
    public TConfig Config(ParseResult result, TConfig? start = null)
    {
        var sets = result.GetValue(_sets) ?? [];
        if (Array.Find(sets, set => !_free.Any(key => set.StartsWith(key, StringComparison.Ordinal))) is { } other)
        {
            throw new ConfigException($"A finished model is used as it is; {other} belongs to its training.");
        }

        var given = _shortcuts.Select(shortcut => (shortcut.Key, Value: result.GetValue(shortcut.Option))).Where(given => given.Value is not null);
        return recipe.Overlay(start ?? new TConfig(), [.. given.Select(given => $"{given.Key}={given.Value}"), .. sets]);
    }
}
