using System.CommandLine;
using Flip.Config;

namespace Flip.Cli.Commands.Caption;

/// <summary>How a finished captioner is used: how captions are chosen, and where it computes.</summary>
internal sealed class CaptionUseOptions
{
    /// <summary>Settings that are not of how a captioner came about.</summary>
    private static readonly string[] Free = ["decoding.", "device", "precision", "threads", "workers", "evalBatchSize"];

    private const int MostBeams = 256;

    private readonly (string Key, Option<string?> Option)[] _shortcuts =
    [
        ("decoding.beams", new("--beams") { Description = "Captions followed at a time (default: 3); 1 is greedy." }),
        ("decoding.minLength", new("--min-length") { Description = "Fewest tokens of a caption (default: 5)." }),
        ("decoding.maxLength", new("--max-length") { Description = "Most tokens of a caption (default: 40)." }),
        ("decoding.lengthPenalty", new("--length-penalty") { Description = "Captions are ranked by log-probability / tokens^p (default: 1)." }),
        ("decoding.noRepeatNgram", new("--no-repeat") { Description = "No run of so many tokens comes twice; 0 allows it (default)." }),
        ("evalBatchSize", new("--batch-size") { Description = "Images at a time." }),
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

    /// <param name="result">What was given.</param>
    /// <param name="least">Captions that are wanted of an image: as many are followed, where nothing else is said.</param>
    /// <exception cref="ConfigException">A value is wrong, or a setting belongs to a training.</exception>
    public CaptionConfig Config(ParseResult result, int least = 1)
    {
        var sets = result.GetValue(_sets) ?? [];
        if (Array.Find(sets, set => !Free.Any(key => set.StartsWith(key, StringComparison.Ordinal))) is { } other)
        {
            throw new ConfigException($"A finished captioner is used as it is; {other} belongs to its training.");
        }

        return RecipeFiles.Captioning.Overlay(
            new CaptionConfig { Decoding = new DecodingConfig { Beams = Math.Clamp(least, new DecodingConfig().Beams, MostBeams) } },
            [.. _shortcuts.Select(shortcut => (shortcut.Key, Value: result.GetValue(shortcut.Option))).Where(given => given.Value is not null).Select(given => $"{given.Key}={given.Value}"), .. sets]);
    }
}
