using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;

namespace Flip.Cli.Commands;

/// <summary>The settings of a training that begins with the image tower of a model, as options: short ones for those that are asked for most, and <c>--set</c> for all.</summary>
/// <param name="more">Short options of the task beside those that all have: key of the setting, what follows the value, option.</param>
internal sealed class RecipeOptions(params IReadOnlyList<(string Key, string Suffix, Option<string?> Option)> more)
{
    /// <summary>Settings of the model, not of the recipe.</summary>
    private static readonly string[] ModelGroups = ["model.", "data.", "eval."];

    private readonly (string Key, string Suffix, Option<string?> Option)[] _shortcuts =
    [
        ("samples", " epochs", new("--epochs") { Description = "Length of training, epochs." }),
        ("batchSize", "", new("--batch") { Description = "Images of a step." }),
        .. more,
        ("seed", "", new("--seed") { Description = "Seed of everything random." }),
        ("device", "", new("--device") { Description = "auto, cpu, cuda or cuda:N." }),
    ];

    private readonly Option<string[]> _sets = new("--set", "-s")
    {
        Description = "One setting of the recipe (--describe lists them), such as weightDecay=0, or of the model, such as model.image.imageSize=112.",
        HelpName = "key=value",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<bool> _describe = new("--describe") { Description = "List the settings, with the paper's values." };

    /// <summary>All options, <c>--describe</c> left out.</summary>
    public IEnumerable<Option> Settings => [.. _shortcuts.Select(shortcut => shortcut.Option), _sets];

    /// <summary>Whether the list of settings is asked for.</summary>
    public bool Describes(ParseResult result) => result.GetValue(_describe);

    public void AddTo(Command command)
    {
        foreach (var option in Settings.Append(_describe))
        {
            command.Add(option);
        }
    }

    /// <summary>What was given, <c>key=value</c>, the recipe's and the model's.</summary>
    public (IReadOnlyList<string> Recipe, IReadOnlyList<string> Model) Sets(ParseResult result)
    {
        var sets = _shortcuts.Select(shortcut => (shortcut, Value: result.GetValue(shortcut.Option)))
            .Where(given => given.Value is not null)
            .Select(given => $"{given.shortcut.Key}={given.Value}{given.shortcut.Suffix}")
            .Concat(result.GetValue(_sets) ?? [])
            .ToLookup(set => ModelGroups.Any(group => set.StartsWith(group, StringComparison.Ordinal)));
        return ([.. sets[false]], [.. sets[true]]);
    }

    /// <summary>Prints the list of settings.</summary>
    public static void Describe(IReadOnlyList<SettingRow> rows, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonOutput.Options));
            return;
        }

        foreach (var row in rows)
        {
            Console.WriteLine($"{row.Key} = {row.Default}  ({row.Type}{(row.Range.Length > 0 ? ", " + row.Range : "")})\n    {row.Meaning}");
        }
    }
}
