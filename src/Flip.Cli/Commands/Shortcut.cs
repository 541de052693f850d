using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands;

/// <summary>An option of its own for one setting.</summary>
/// <param name="Name">Its name, such as <c>--seed</c>.</param>
/// <param name="Key">Full key of the setting.</param>
/// <param name="Description">One line for people.</param>
internal sealed record Shortcut(string Name, string Key, string Description)
{
    /// <summary>Whether the setting is a list of texts, each a word behind the option.</summary>
    public bool IsList { get; init; }

    /// <summary>The option.</summary>
    public Option Create() => IsList
        ? new Option<string[]>(Name) { Description = Description, AllowMultipleArgumentsPerToken = true }
        : new Option<string?>(Name) { Description = Description };

    /// <summary>What was given to the option, as <c>key=value</c>; null where it was not given.</summary>
    public string? Set(ParseResult result, Option option)
    {
        var value = option is Option<string[]> list
            ? result.GetValue(list) is { Length: > 0 } texts ? new TextList(texts).ToString() : null
            : result.GetValue((Option<string?>)option);
        return value is null ? null : $"{Key}={value}";
    }
}
