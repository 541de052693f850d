using Flip.Data.Classes;
using Flip.Data.Files;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Data.Stores;

namespace Flip.Data.Pairs;

/// <summary>
/// The written form of pairs that a training reads: shards (<see cref="ShardPattern"/>), and what else has its pairs at known places: a folder of images with texts beside them or
/// with classes as folders, published captions (COCO, Flickr, Karpathy), a list of images and captions. What would have to be unpacked or downloaded for each pair is named with the
/// command that makes shards of it.
/// </summary>
public static class PairSources
{
    private static readonly string[] Lists = [".csv", ".tsv", ".txt", ".jsonl"];
    private static readonly string[] Packed = [".gz", ".parquet", ".zip", ".arrow"];

    /// <summary>Opens a source.</summary>
    /// <param name="source">Its written form.</param>
    /// <param name="captions">How captions of shards are found.</param>
    /// <param name="classes">Names of classes and the templates that make captions of them; null takes the names of folders, where classes are folders.</param>
    /// <param name="templates">The templates.</param>
    /// <param name="options">What is allowed.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There is no such source.</exception>
    public static PairSet Open(
        string source, CaptionReader captions, IReadOnlyList<string>? classes, IReadOnlyList<string> templates, SourceOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        var place = StoreAddress.Is(source) ? source : WrittenPaths.Existing(source);
        if (Directory.Exists(place) && !ShardSources.IsFolder(place))
        {
            return OfFolder(place, captions, classes, templates, options, cancellation);
        }

        if (File.Exists(place) && !ShardPattern.IsShard(place))
        {
            return OfFile(place, options, cancellation);
        }

        return new ShardedPairs(ShardSources.Open(source, options, cancellation), captions);
    }

    private static ListedPairs OfFile(string path, SourceOptions options, CancellationToken cancellation)
    {
        var extension = Path.GetExtension(path);
        if (Lists.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            return new ListedPairs(Path.GetFileName(path), CaptionedSources.Open(path, new LayoutOptions { Split = SplitNames.Train, Source = options }, null, cancellation));
        }

        throw new ConfigException(Packed.Contains(extension, StringComparer.OrdinalIgnoreCase)
            ? $"'{path}' has its pairs at no places that a training could go to: make shards of it with flip data pack, or with flip data download where it has addresses of images."
            : $"'{path}' is no training data: expected shards ({SourceOptions.ShardExtension}, .tfrecord), a folder, or a list of images and captions ({string.Join(", ", Lists)}); flip data pack makes shards of other forms.");
    }

    private static PairSet OfFolder(
        string folder, CaptionReader captions, IReadOnlyList<string>? classes, IReadOnlyList<string> templates, SourceOptions options, CancellationToken cancellation)
    {
        if (ShardFolder.Find(folder, SplitNames.Train) is { Count: > 0 } shards)
        {
            return new ShardedPairs(ShardSources.Open(shards, options, cancellation), captions);
        }

        var wanted = new LayoutOptions { Split = SplitNames.Train, Source = options.Within(folder) };
        foreach (var layout in CaptionedSources.Layouts.Where(layout => layout is not (CaptionedShards or CaptionedWebDataset)))
        {
            if (layout.Locate(folder, wanted) is { } place)
            {
                return new ListedPairs(Path.GetFileName(folder), layout.Open(place, wanted, cancellation));
            }
        }

        var files = ImageFolder.Find(folder, options, BesideCaptions.Extensions);
        if (files.Count == 0)
        {
            throw new ConfigException($"The folder '{folder}' has no training data: neither shards ({SourceOptions.ShardExtension}), nor published captions, nor images ({string.Join(", ", ImageFolder.Extensions)}).");
        }

        var beside = new BesideCaptions([.. files.Select(file => file.Path)], wanted.Source);
        if (beside.Any())
        {
            return new ListedPairs(Path.GetFileName(folder), new CaptionedImages(FileImages.OfFiles(files, options), beside));
        }

        var layouts = new LabelledLayout[] { new ClassFolders() };
        var table = classes is null ? null : new ClassTable(ClassEntry.OfNames(classes));
        var labelled = LabelledSources.Open(folder, wanted with { Classes = table }, layouts, cancellation);
        var ofClass = labelled.ClassNames.Select(name => (IReadOnlyList<string>)new ClassCaptions(name, templates)).ToList();
        options.Say?.Invoke(FormattableString.Invariant($"'{folder}' has no texts beside its images; its {ofClass.Count:N0} folders are classes, whose names become captions by templates."));
        return new ListedPairs(Path.GetFileName(folder), new CaptionedImages(labelled.Images, [.. labelled.Labels.Select(label => ofClass[label[0]])]));
    }
}
