using System.Formats.Tar;
using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Loading;
using Flip.Data.Sources;

namespace Flip.Data.Layouts;

/// <summary>
/// A data set of classes as CLIP_benchmark publishes it. Its <c>.cls</c> number the names of its own <c>classnames.txt</c>: where these are the
/// known classes, in whatever order, the numbers become theirs; else its own names are taken. Sets with several labels have
/// <c>.npy</c> (<c>dataset_type.txt</c> says <c>multilabel</c>).
/// </summary>
public sealed record LabelledWebDataset : LabelledLayout
{
    private const int MaxLabelBytes = 1 << 20;

    /// <inheritdoc/>
    public override string Kind => "webDataset";

    /// <inheritdoc/>
    public override string Describe(string split) => $"CLIP_benchmark's form (classnames.txt, {split}/nshards.txt, {split}/0.tar ...{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) =>
        PublishedShards.Find(folder, options.Split) is not null && PublishedShards.TypeOf(folder) != "retrieval";

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var index = PublishedShards.Open(PublishedShards.Find(folder, options.Split)!, options, cancellation);
        var (names, numbers) = Match(folder, options.Classes);
        var classes = numbers?.Length ?? names?.Count;
        var labels = PublishedShards.TypeOf(folder) == "multilabel"
            ? [.. index.Shards.SelectMany(shard => ReadSeveral(shard, classes, options, cancellation))]
            : SampleReading.ReadAll(index, (members, entry) => new[] { CaptionReader.ReadLabel(members, entry, classes ?? int.MaxValue) }, cancellation);
        if (numbers is not null)
        {
            labels = Array.ConvertAll(labels, label => Array.ConvertAll(label, number => numbers[number]));
        }

        return new LabelledImages(new ShardImages(index), labels, names ?? NumberNames(labels, folder));
    }

    /// <summary>The names of the classes, and for each published number the number of the class; null where they are the same.</summary>
    private static (IReadOnlyList<string>? Names, int[]? Numbers) Match(string folder, ClassTable? known)
    {
        var path = PublishedShards.Names(folder);
        if (!File.Exists(path))
        {
            return (known?.Names, null);
        }

        var published = TextLines.LinesOf(path).Select(line => line.Trim()).ToList();
        while (published is [.., ""])
        {
            published.RemoveAt(published.Count - 1);
        }

        if (published.Count == 0)
        {
            throw new ConfigException($"'{path}' has no name.");
        }

        var numbers = known is null ? [] : published.Select((name, i) => NumberOf(known, name, i)).ToList();
        return numbers.Count == known?.Names.Count && numbers.All(number => number >= 0) && numbers.Distinct().Count() == numbers.Count
            ? (known!.Names, [.. numbers])
            : (published, null);
    }

    /// <summary>The class of a published name: the one in its place if that is called so, for names may be there twice.</summary>
    private static int NumberOf(ClassTable known, string name, int place) =>
        place < known.Names.Count && known.IsCalled(place, name) ? place : known.Find(name) ?? -1;

    private static IEnumerable<int[]> ReadSeveral(ShardIndex shard, int? classes, LayoutOptions options, CancellationToken cancellation)
    {
        var labels = new Dictionary<string, int[]>(StringComparer.Ordinal);
        using (var reader = new TarReader(File.OpenRead(shard.Path)))
        {
            while (!cancellation.IsCancellationRequested && Next(reader, shard, options) is { } entry)
            {
                if (entry.Name.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) && entry.DataStream is { Length: <= MaxLabelBytes } data
                    && WebDatasetName.TrySplit(entry.Name, out var key, out _))
                {
                    labels[ShardReader.Printable(key)] = Read(data, classes, $"The labels '{ShardReader.Printable(entry.Name)}' in '{shard.Path}'");
                }
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return ShardReader.ReadKeys(shard).Select(key => labels.GetValueOrDefault(key)
            ?? throw new EvaluationDataException($"The sample '{key}' in '{shard.Path}' cannot be used in an evaluation: no class, it has no .npy"));
    }

    /// <summary>The next entry; the end where damage begins that was told when the shard was indexed, and allowed.</summary>
    private static TarEntry? Next(TarReader reader, ShardIndex shard, LayoutOptions options)
    {
        try
        {
            return reader.GetNextEntry();
        }
        catch (Exception e) when ((e is EndOfStreamException or not IOException) && options.Source.AllowMissing && shard.Damage.Count > 0)
        {
            return null;
        }
    }

    private static int[] Read(Stream data, int? classes, string what)
    {
        var bytes = new byte[data.Length];
        data.ReadExactly(bytes);
        try
        {
            var (labels, count) = NumpyLabels.Read(bytes);
            return classes is null || count == classes
                ? labels
                : throw new EvaluationDataException($"{what} are for {count} classes, and there are {classes}.");
        }
        catch (BadSampleException e)
        {
            throw new EvaluationDataException($"{what} cannot be used: {e.Message}", e);
        }
    }
}
