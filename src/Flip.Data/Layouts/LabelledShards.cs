using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>Our own shards, <c>*.tar</c> with the class number of an image in its <c>.cls</c>; perhaps in a folder for each split, or
/// with the split in their names (<c>val-0000.tar</c>). The numbers are those of <c>classnames.txt</c> or <c>classes.json</c> where one lies beside them.</summary>
public sealed record LabelledShards : LabelledLayout
{
    /// <inheritdoc/>
    public override string Kind => "shards";

    /// <inheritdoc/>
    public override string Describe(string split) => $"shards with .cls (*.tar, {split}-*.tar or {split}/*.tar{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => ShardFolder.Find(folder, options.Split).Count > 0;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation) => Open(
        ShardSources.Open(ShardFolder.Find(folder, options.Split), options.Source, cancellation),
        ClassNumbers.Of(folder, options),
        folder,
        cancellation);

    /// <summary>The labels of indexed shards.</summary>
    internal static LabelledImages Open(DataSetIndex index, ClassNumbers numbers, string source, CancellationToken cancellation) => Named(
        index,
        SampleReading.ReadAll(index, (members, entry) => new[] { CaptionReader.ReadLabel(members, entry, numbers.Limit) }, cancellation),
        numbers,
        source);

    /// <summary>Labels that the data write as numbers.</summary>
    internal static LabelledImages Named(DataSetIndex index, int[][] labels, ClassNumbers numbers, string source) =>
        new(new ShardImages(index), Array.ConvertAll(labels, numbers.ClassesOf), numbers.Names ?? NumberNames(labels, source));
}
