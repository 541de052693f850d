using System.CommandLine;
using System.Globalization;
using Flip.Distributed;

namespace Flip.Cli.Commands;

/// <summary>Which part of a work one process does that many do without a coordinator: by <c>--part 3/16</c>, by its rank under a launcher, or by both.</summary>
internal static class PartOption
{
    /// <summary>The option.</summary>
    public static readonly Option<string?> Part = new("--part") { Description = "This machine's part, such as 3/16 (from 1): it does every 16th shard, table or cell. Under a launcher each rank takes its own." };

    private const int Most = 100_000;

    /// <summary>The part, from 1, and how many there are.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="launch">What the launcher says; null without one.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static (int Part, int Parts) Read(ParseResult result, LaunchEnvironment? launch, List<string> problems) => Read(result.GetValue(Part), launch, problems);

    /// <inheritdoc cref="Read(ParseResult, LaunchEnvironment?, List{string})"/>
    /// <param name="text">What the user wrote; null for nothing.</param>
    internal static (int Part, int Parts) Read(string? text, LaunchEnvironment? launch, List<string> problems)
    {
        var (part, parts) = (1, 1);
        if (text is not null && !(text.Split('/') is [var first, var all] && Number(first, out part) && Number(all, out parts) && part <= parts))
        {
            problems.Add($"--part {text}: expected a part and how many there are, such as 3/16, from 1 and at most {Most}.");
            return (1, 1);
        }

        if (launch is null)
        {
            return (part, parts);
        }

        if (launch.World is not { } world)
        {
            problems.Add($"{launch.Launcher} does not say how many processes it started; give each its --part.");
            return (1, 1);
        }

        return (((part - 1) * world) + launch.Rank + 1, parts * world);
    }

    private static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= Most;
}
