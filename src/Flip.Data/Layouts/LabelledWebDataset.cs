using Flip.Data.Records;
using Flip.Data.Shards;
using Flip.Data.Tar;

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
        PublishedShards.Find(folder, options) is not null && PublishedShards.TypeOf(folder, options) != "retrieval";

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var index = PublishedShards.Open(PublishedShards.Find(folder, options)!, options, cancellation);
        var numbers = ClassNumbers.Of(folder, options);
        return PublishedShards.TypeOf(folder, options) == "multilabel"
            ? LabelledShards.Named(index, [.. index.Shards.SelectMany(shard => ReadSeveral(shard, numbers, cancellation))], numbers, folder)
            : LabelledShards.Open(index, numbers, folder, cancellation);
    }

    private static IEnumerable<int[]> ReadSeveral(ShardIndex shard, ClassNumbers classes, CancellationToken cancellation)
    {
        const string Extension = ".npy";
        var labels = new Dictionary<string, int[]>(StringComparer.Ordinal);
        using (var file = ShardReader.Open(shard.LocalPath))
        {
            var entries = ShardReader.Members(file).TakeWhile(_ => !cancellation.IsCancellationRequested);
            foreach (var entry in entries.Where(entry => entry.IsFile && entry.Name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && entry.Stored <= MaxLabelBytes))
            {
                var key = UnicodeName.Printable(entry.Name[..^Extension.Length]);
                labels[key] = Read(file, entry, classes, $"The labels '{UnicodeName.Printable(entry.Name)}' in '{shard.Path}'");
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return ShardReader.ReadKeys(shard).Select(key => labels.GetValueOrDefault(key)
            ?? throw new EvaluationDataException($"The sample '{key}' in '{shard.Path}' cannot be used in an evaluation: no class, it has no .npy"));
    }

    private static int[] Read(Stream file, TarEntry entry, ClassNumbers classes, string what)
    {
        var bytes = new byte[entry.Stored];
        file.Position = entry.DataOffset;
        file.ReadExactly(bytes);
        try
        {
            var (labels, count) = NumpyLabels.Read(bytes);
            return classes.Limit == int.MaxValue || count == classes.Limit
                ? labels
                : throw new EvaluationDataException($"{what} are for {count} classes, and there are {classes.Limit}.");
        }
        catch (BadSampleException e)
        {
            throw new EvaluationDataException($"{what} cannot be used: {e.Message}", e);
        }
    }
}
