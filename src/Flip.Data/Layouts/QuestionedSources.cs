using Flip.Data.Files;
using Flip.Data.Questions;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>The written form of images with questions: a folder in any of the <see cref="Layouts"/>, a list (<see cref="QuestionList"/>), VQA's file of
/// questions (<see cref="VqaFiles"/>), or shards (<see cref="ShardPattern"/>).</summary>
public static class QuestionedSources
{
    private const string Json = ".json";
    private static readonly string[] Lists = [".csv", ".tsv", ".jsonl"];

    /// <summary>The layouts that are tried in a folder, in this order.</summary>
    public static IReadOnlyList<QuestionedLayout> Layouts { get; } =
    [
        new QuestionedShards(),
        new VqaFiles("v2_OpenEnded_mscoco_{split}2014_questions.json"),
        new VqaFiles("OpenEnded_mscoco_{split}2014_questions.json"),
        .. ((string[])["{split}.jsonl", "{split}.csv", "questions.jsonl", "questions.csv"]).Select(name => new QuestionList(name)),
    ];

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="options">Which split, and whether questions may have no answers; null takes the test split.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There is no such source, no layout fits, or a question cannot be used; the message says which and where.</exception>
    /// <exception cref="EvaluationDataException">A shard is damaged.</exception>
    public static QuestionedImages Open(string source, LayoutOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = WrittenPaths.Existing(source);
        options ??= new();
        options = options with { Source = options.Source.WithinSource(source) };
        if (Directory.Exists(source))
        {
            var (layout, place) = LayoutSearch.Find(source, Layouts, options);
            return layout.Open(place, options, cancellation);
        }

        var extension = Path.GetExtension(source);
        if (Lists.Contains(extension, StringComparer.OrdinalIgnoreCase) && File.Exists(source))
        {
            return QuestionList.OpenFile(source, options, cancellation);
        }

        if (Json.Equals(extension, StringComparison.OrdinalIgnoreCase) && File.Exists(source))
        {
            return VqaFiles.OpenFile(source, options, cancellation);
        }

        return ShardSources.IsPattern(source)
            ? QuestionedShards.Open(ShardSources.Open(source, options.Source, cancellation), options, cancellation)
            : throw new ConfigException($"'{source}' is no source of images with questions: expected a folder, .tar shards, VQA's {Json} of questions, or a list ({string.Join(", ", Lists)}).");
    }
}
