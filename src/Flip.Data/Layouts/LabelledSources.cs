using Flip.Data.Files;
using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>
/// The written form of labelled images: a folder in any of the <see cref="Layouts"/>, shards with <c>.cls</c> (<see cref="ShardPattern"/>), or
/// a list (<c>.csv</c>, <c>.tsv</c>, <c>.jsonl</c>) of images and classes.
/// </summary>
public static class LabelledSources
{
    private static readonly string[] Lists = [".csv", ".tsv", ".jsonl"];

    /// <summary>The layouts that are tried in a folder, in this order.</summary>
    public static IReadOnlyList<LabelledLayout> Layouts { get; } =
    [
        new LabelledWebDataset(),
        new LabelledShards(),
        new CifarFiles { At = ["", "cifar-10-batches-bin", "cifar-100-binary"] },
        new IdxFiles { At = ["", "raw", "MNIST/raw", "FashionMNIST/raw"] },
        new StlFiles { At = ["", "stl10_binary"] },
        new VocFolder { At = ["", "VOC2007", "VOCdevkit/VOC2007"] },
        new ClassFolders(),
    ];

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="options">Which split and classes; null takes the test split and what classes the data say.</param>
    /// <param name="layouts">The layouts to try in a folder; null tries all.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There is no such source, no layout fits, or it has other classes; the message says what was looked for.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged, or an image has no class.</exception>
    public static LabelledImages Open(
        string source, LayoutOptions? options = null, IReadOnlyList<LabelledLayout>? layouts = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source = WrittenPaths.Existing(source);
        options ??= new();
        options = options with { Source = options.Source.WithinSource(source) };
        if (Directory.Exists(source))
        {
            var (layout, place) = LayoutSearch.Find(source, layouts ?? Layouts, options);
            return Shown(layout.Open(place, options, cancellation), place);
        }

        if (Lists.Contains(Path.GetExtension(source), StringComparer.OrdinalIgnoreCase))
        {
            return File.Exists(source)
                ? Shown(LabelList.OpenFile(source, options), source)
                : throw new ConfigException($"The list '{source}' does not exist.");
        }

        return ShardSources.IsPattern(source)
            ? Shown(LabelledShards.Open(ShardSources.Open(source, options.Source, cancellation), ClassNumbers.Of(null, options), source, cancellation), source)
            : throw new ConfigException(
                $"'{source}' is no source of labelled images: expected a folder, .tar shards, or a list ({string.Join(", ", Lists)}).");
    }

    /// <summary>Images whose classes can be shown: names come from files, and a terminal obeys control characters.</summary>
    private static LabelledImages Shown(LabelledImages images, string source) => images.Images.Count == images.Labels.Count
        ? images with { ClassNames = [.. images.ClassNames.Select(UnicodeName.Printable)] }
        : throw new EvaluationDataException($"'{source}' has {images.Images.Count} images and {images.Labels.Count} labels.");
}
