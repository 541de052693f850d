using Flip.Data.Shards;

namespace Flip.Data.Layouts;

/// <summary>Retrieval as CLIP_benchmark publishes it: <c>dataset_type.txt</c> says <c>retrieval</c>, and a <c>.txt</c> has a caption a line.</summary>
public sealed record CaptionedWebDataset : CaptionedLayout
{
    /// <inheritdoc/>
    public override string Kind => "webDataset";

    /// <inheritdoc/>
    public override string Describe(string split) => $"CLIP_benchmark's form (dataset_type.txt, {split}/nshards.txt, {split}/0.tar ...{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) =>
        PublishedShards.Find(folder, options) is not null && PublishedShards.TypeOf(folder, options) is null or "retrieval";

    internal override CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var index = PublishedShards.Open(PublishedShards.Find(folder, options)!, options, cancellation);
        return new CaptionedImages(new ShardImages(index), SampleReading.ReadCaptions(index, Lines, cancellation));
    }

    private static IReadOnlyList<string> Lines(MemberReader members, SampleEntry sample)
    {
        if (!sample.Text.IsPresent)
        {
            throw new BadSampleException("no caption", "it has no .txt");
        }

        string[] lines = members.ReadText(sample.Text, CaptionReader.EncodingCause).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 0 ? lines : throw new BadSampleException("empty caption", "its .txt is blank");
    }
}
