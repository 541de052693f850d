using Flip.Data.Files;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>
/// The written form of a text source: a text file with one text a line (<c>.txt</c>, or <c>-</c> for the standard input), JSON
/// (<c>.json</c>, <c>.jsonl</c>), or shards (<see cref="ShardPattern"/>), of which all captions are taken.
/// </summary>
public static class TextSources
{
    /// <summary>The source that is the standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>What messages call it.</summary>
    internal const string StandardInputName = "standard input";

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="options">What is allowed and who receives messages; null for nothing and nobody.</param>
    /// <param name="cancellation">Stops the indexing of shards.</param>
    /// <exception cref="ConfigException">There is no such source.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged, and that is not allowed.</exception>
    public static ITextSource Open(string source, SourceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source == StandardInput)
        {
            return TextLines.OfReader(Console.In, StandardInputName);
        }

        source = WrittenPaths.Existing(source);
        if (source.EndsWith(".txt", StringComparison.OrdinalIgnoreCase))
        {
            return TextLines.OfFile(source);
        }

        return TextJson.Is(source) ? new TextJson(source)
            : ShardSources.IsPattern(source) || Directory.Exists(source)
                ? new ShardTexts(ShardSources.Open(source, options ?? new(), cancellation))
            : throw new ConfigException(
                $"'{source}' is no source of texts: expected .txt with one text a line, .jsonl, a .json list, .tar shards, or {StandardInput} for the "
                + "standard input.");
    }
}
