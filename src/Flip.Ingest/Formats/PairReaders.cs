using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Data.Stores;
using Flip.Ingest.Tables;

namespace Flip.Ingest.Formats;

/// <summary>Opens a source of image-text pairs by what it is.</summary>
public static class PairReaders
{
    private static readonly string[] Lists = [".txt", ".token"];
    private const string CaptionFile = ".json";
    private const string Annotations = "annotations";

    /// <summary>Opens a source.</summary>
    /// <param name="source">A folder, a file, a name with <c>*</c> and <c>?</c>, or names in braces.</param>
    /// <param name="options">Columns, split, and what is allowed.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="ConfigException">There is no such source, or nothing in it is known; the message says what was looked for.</exception>
    public static IPairReader Open(string source, PairReaderOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new();
        options = options with { Source = options.Source with { AllowMissing = true } };
        source = WrittenPaths.Existing(source);
        return Directory.Exists(source) ? OfFolder(source, options, cancellation) ?? throw Unknown(source, "has nothing that is known")
            : File.Exists(source) ? OfFiles([Path.GetFullPath(source)], source, options, cancellation) ?? throw Unknown(source, "is none of them")
            : OfPattern(source, options, cancellation) ?? throw Unknown(source, "does not exist");
    }

    private static IPairReader? OfPattern(string source, PairReaderOptions options, CancellationToken cancellation)
    {
        if (StoreAddress.Is(source) || source.Contains(SourceOptions.ShardExtension, StringComparison.OrdinalIgnoreCase))
        {
            return new ShardPairs(ShardSources.Open(source, options.Source, cancellation));
        }

        var files = SourceFiles.Find(source, path => TableFiles.IsTable(path) || TfRecordPairs.IsName(path) || IsTar(path), options.Source);
        return files.Count > 0 ? OfFiles(files, source, options, cancellation) : null;
    }

    /// <summary>Files of one kind; null where they are of none.</summary>
    private static IPairReader? OfFiles(IReadOnlyList<string> files, string source, PairReaderOptions options, CancellationToken cancellation)
    {
        if (files.All(IsTar))
        {
            return new ShardPairs(ShardSources.Open(files, options.Source, cancellation));
        }

        if (files.All(TfRecordPairs.IsName))
        {
            return new TfRecordPairs(files);
        }

        if (files.All(TableFiles.IsTable))
        {
            return Table(files, source, options, cancellation);
        }

        var extension = Path.GetExtension(files[0]);
        return files.Count > 1 ? throw new ConfigException($"'{source}' names files of several kinds: name one kind, such as '*{extension}'.")
            : Lists.Contains(extension, StringComparer.OrdinalIgnoreCase)
                ? new LayoutPairs("a list of captions", CaptionList.OpenFile(files[0], Layout(options, Path.GetDirectoryName(files[0])!)))
            : extension.Equals(CaptionFile, StringComparison.OrdinalIgnoreCase) ? Captions(files[0], options, cancellation)
            : null;
    }

    private static TablePairs Table(IReadOnlyList<string> files, string source, PairReaderOptions options, CancellationToken cancellation)
    {
        var named = options.CaptionColumns.Concat(options.ImageColumn is { } image ? [image] : []);
        var table = TableFiles.Open(files, source, new TableOptions { Source = options.Source, Named = [.. named] }, cancellation);
        return new TablePairs(table, TableColumns.Of(table, options), options.Source);
    }

    /// <summary>A file of captions as COCO or Karpathy have them, beside the images, or in COCO's folder of annotations.</summary>
    private static LayoutPairs Captions(string file, PairReaderOptions options, CancellationToken cancellation)
    {
        var (folder, name) = (Path.GetDirectoryName(file)!, Path.GetFileName(file));
        if (name.StartsWith("dataset", StringComparison.OrdinalIgnoreCase))
        {
            return new LayoutPairs("Karpathy's captions", new KarpathyCaptions(name).Open(folder, Layout(options, folder), cancellation));
        }

        var part = Path.GetFileNameWithoutExtension(name).Split('_')[^1];
        IReadOnlyList<string> images = [part, $"images/{part}", "", "images"];
        (folder, name) = Path.GetFileName(folder) == Annotations ? (Path.GetDirectoryName(folder)!, $"{Annotations}/{name}") : (folder, name);
        return new LayoutPairs("COCO's captions", new CocoCaptions(name) { Images = images }.Open(folder, Layout(options, folder), cancellation));
    }

    private static IPairReader? OfFolder(string folder, PairReaderOptions options, CancellationToken cancellation)
    {
        var layouts = Layout(options, folder);
        if (CaptionedSources.Layouts.FirstOrDefault(layout => layout is not CaptionedShards && layout.Locate(folder, layouts) is not null) is { } layout)
        {
            return new LayoutPairs(layout.Describe(options.Split), layout.Open(layout.Locate(folder, layouts)!, layouts, cancellation));
        }

        if (ShardFolder.Find(folder, options.Split).Where(IsTar).ToList() is { Count: > 0 } shards)
        {
            return new ShardPairs(ShardSources.Open(shards, layouts.Source, cancellation));
        }

        foreach (var isWanted in (Func<string, bool>[])[TfRecordPairs.IsName, path => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase), IsMetadata])
        {
            if (SourceFiles.Find(folder, isWanted, options.Source) is { Count: > 0 } files)
            {
                return OfFiles(files, folder, options, cancellation);
            }
        }

        return FolderPairs.Open(folder, options.Source)
            ?? (SourceFiles.Find(folder, TableFiles.IsTable, options.Source) is { Count: > 0 } tables ? OfFiles(tables, folder, options, cancellation) : null);
    }

    /// <summary>TFRecord files are shards too, of which a training reads one caption a record; here all of it is read.</summary>
    private static bool IsTar(string path) => path.EndsWith(SourceOptions.ShardExtension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Hugging Face's list beside the images of a folder.</summary>
    private static bool IsMetadata(string path) => TableFiles.IsTable(path) && Path.GetFileName(path).StartsWith("metadata.", StringComparison.OrdinalIgnoreCase);

    private static LayoutOptions Layout(PairReaderOptions options, string folder) =>
        new() { Split = options.Split, Source = options.Source.Within(folder), AllowNoCaption = true };

    private static ConfigException Unknown(string source, string what) => new(
        $"'{source}' {what}; looked for: .tar shards; TFRecord files (.tfrecord, .tfrec, .tfrecord-00000-of-00010); tables ({TableFiles.Expected}); "
        + "COCO's captions (captions_*.json), Karpathy's (dataset_*.json), lists of captions (captions.txt, .token); "
        + $"images ({string.Join(", ", ImageFolder.Extensions)}) in folders of classes or with .txt, .caption or .json beside them.");
}
