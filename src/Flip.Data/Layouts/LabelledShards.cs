using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Sources;

namespace Flip.Data.Layouts;

/// <summary>Our own shards, <c>*.tar</c> with the class number of an image in its <c>.cls</c>; perhaps in a folder for each split, or
/// with the split in their names (<c>val-0000.tar</c>).</summary>
public sealed record LabelledShards : LabelledLayout
{
    /// <inheritdoc/>
    public override string Kind => "shards";

    /// <inheritdoc/>
    public override string Describe(string split) => $"shards with .cls (*.tar, {split}-*.tar or {split}/*.tar{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => ShardFolder.Find(folder, options.Split).Count > 0;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation) =>
        Open(ShardSources.Open(ShardFolder.Find(folder, options.Split), options.Source, cancellation), folder, options, cancellation);

    /// <summary>The labels of indexed shards.</summary>
    internal static LabelledImages Open(DataSetIndex index, string source, LayoutOptions options, CancellationToken cancellation)
    {
        var names = options.Classes?.Names;
        var labels = SampleReading.ReadAll(
            index, (members, entry) => new[] { CaptionReader.ReadLabel(members, entry, names?.Count ?? int.MaxValue) }, cancellation);
        return new LabelledImages(new ShardImages(index), labels, names ?? NumberNames(labels, source));
    }
}
