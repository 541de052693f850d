using System.CommandLine;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;

namespace Flip.Cli.Commands;

/// <summary>Texts that images are looked for by: typed, read, put into prompts.</summary>
internal static class QueryTexts
{
    /// <summary>The option that names more texts.</summary>
    public static Option<string?> From() => new("--texts-from") { Description = "More texts: .txt with one a line, .jsonl, a .json list, or .tar shards." };

    /// <summary>The option that names prompts.</summary>
    public static Option<string?> Templates() => new("--templates")
    {
        Description = "Put each text into prompts and take their mean: flip7, clip80, or a file with one a line, {c} for the text.",
    };

    /// <summary>The prompts of that option; without it a text stands alone.</summary>
    public static IReadOnlyList<string> Load(string? templates) => templates is not null ? ClassTemplates.Load(templates) : [ClassTemplates.Placeholder];

    /// <summary>All texts.</summary>
    /// <param name="typed">Those of the command line.</param>
    /// <param name="from">What names more, or null.</param>
    /// <param name="options">How that is opened.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">A text is blank.</exception>
    /// <exception cref="EvaluationDataException">A text cannot be used.</exception>
    public static List<string> Read(IReadOnlyList<string> typed, string? from, SourceOptions options, CancellationToken cancellation)
    {
        var texts = typed.ToList();
        if (texts.FindIndex(string.IsNullOrWhiteSpace) is >= 0 and var blank)
        {
            throw new ConfigException($"The text {blank + 1} is blank.");
        }

        foreach (var text in from is not null ? TextSources.Open(from, options, cancellation).Read() : [])
        {
            texts.Add(text.Text ?? throw new EvaluationDataException($"{text.Problem}."));
        }

        return texts;
    }
}
