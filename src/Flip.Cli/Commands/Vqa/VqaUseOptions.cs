using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands.Vqa;

/// <summary>Where a finished model computes, and how many images at a time.</summary>
internal sealed class VqaUseOptions
{
    /// <summary>Settings that are not of how a model came about.</summary>
    private static readonly string[] Free = ["device", "precision", "threads", "workers", "evalBatchSize"];

    private readonly (string Key, Option<string?> Option)[] _shortcuts =
    [
        ("evalBatchSize", new("--batch-size") { Description = "Images, and questions, at a time." }),
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
        foreach (var (_, option) in _shortcuts)
        {
            command.Add(option);
        }

        command.Add(_sets);
    }

    /// <exception cref="ConfigException">A value is wrong, or a setting belongs to a training.</exception>
    public AnswerConfig Config(ParseResult result)
    {
        var sets = result.GetValue(_sets) ?? [];
        if (Array.Find(sets, set => !Free.Any(key => set.StartsWith(key, StringComparison.Ordinal))) is { } other)
        {
            throw new ConfigException($"A finished model is used as it is; {other} belongs to its training.");
        }

        return RecipeFiles.Answering.Overlay(
            new AnswerConfig(),
            [.. _shortcuts.Select(shortcut => (shortcut.Key, Value: result.GetValue(shortcut.Option))).Where(given => given.Value is not null).Select(given => $"{given.Key}={given.Value}"), .. sets]);
    }
}
