using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>Our own shards, with captions in <c>.json</c> or <c>.txt</c> (<see cref="CaptionReader"/>).</summary>
public sealed record CaptionedShards : CaptionedLayout
{
    private static readonly CaptionReader Captions = new();

    /// <inheritdoc/>
    public override string Kind => "shards";

    /// <inheritdoc/>
    public override string Describe(string split) => $"shards with .txt or .json (*.tar, {split}-*.tar or {split}/*.tar{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) => ShardFolder.Find(folder, options.Split).Count > 0;

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation) =>
        Open(ShardSources.Open(ShardFolder.Find(folder, options.Split), options.Source, cancellation), cancellation);

    /// <summary>The captions of indexed shards.</summary>
    internal static CaptionedImages Open(DataSetIndex index, CancellationToken cancellation) =>
        new(new ShardImages(index), SampleReading.ReadCaptions(index, Captions.Read, cancellation));
}
