using Flip.Data.Files;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>The written form of captioned images: a folder in any of the <see cref="Layouts"/>, a list of
/// images and captions (<see cref="CaptionList"/>), or shards (<see cref="ShardPattern"/>).</summary>
public static class CaptionedSources
{
    private static readonly string[] Lists = [".csv", ".tsv", ".txt", ".jsonl"];

    /// <summary>The layouts that are tried in a folder, in this order.</summary>
    public static IReadOnlyList<CaptionedLayout> Layouts { get; } =
    [
        new CaptionedWebDataset(),
        new CaptionedShards(),
        .. ((string[])["flickr8k", "flickr30k", "coco"]).Select(name => new KarpathyCaptions($"dataset_{name}.json")),
        new CocoCaptions("captions_{split}.json"),
        new CaptionList("captions.txt"),
        new CaptionList("captions.csv"),
    ];

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="options">Which split; null takes the test split.</param>
    /// <param name="layouts">The layouts to try in a folder; null tries all.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There is no such source, or no layout fits; the message says what was looked for.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged, or an image has no caption.</exception>
    public static CaptionedImages Open(
        string source, LayoutOptions? options = null, IReadOnlyList<CaptionedLayout>? layouts = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = WrittenPaths.Existing(source);
        options ??= new();
        options = options with { Source = options.Source.WithinSource(source) };
        if (Directory.Exists(source))
        {
            var (layout, place) = LayoutSearch.Find(source, layouts ?? Layouts, options);
            return layout.Open(place, options, cancellation);
        }

        if (Lists.Contains(Path.GetExtension(source), StringComparer.OrdinalIgnoreCase) && File.Exists(source))
        {
            return CaptionList.OpenFile(source, options);
        }

        return ShardSources.IsPattern(source)
            ? CaptionedShards.Open(ShardSources.Open(source, options.Source, cancellation), cancellation)
            : throw new ConfigException($"'{source}' is no source of captioned images: expected a folder, .tar shards, or a list ({string.Join(", ", Lists)}).");
    }
}
