using System.Globalization;
using Flip.Data;
using Flip.Data.Shards;

namespace Flip.Ingest.Formats;

/// <summary>WebDataset shards. What their index leaves out, such as captions without an image, is no entry; whoever opens the index hears of it.</summary>
/// <param name="index">The shards.</param>
internal sealed class ShardPairs(DataSetIndex index) : IPairReader
{
    private static readonly CaptionReader Captions = new();

    private readonly IReadOnlyList<string> _names = ShardNames.Of([.. index.Shards.Select(shard => shard.Path)]);

    /// <inheritdoc/>
    public string Format => "WebDataset shards";

    /// <inheritdoc/>
    public long? Count => index.Count;

    /// <inheritdoc/>
    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        using var files = index.OpenFiles();
        var begin = 0L;
        for (var shard = 0; shard < index.Shards.Count; begin += index.Shards[shard++].Count)
        {
            if (first >= begin + index.Shards[shard].Count)
            {
                continue;
            }

            var keys = ShardReader.ReadKeys(index.Shards[shard]);
            for (var sample = (int)Math.Max(0, first - begin); sample < keys.Length; sample++)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return Pair($"{_names[shard]}/{keys[sample]}", index.Members(files, shard), index.Shards[shard].Samples[sample]);
            }
        }
    }

    private static SourcePair Pair(string key, MemberReader members, SampleEntry entry)
    {
        var pair = new SourcePair { Key = key };
        try
        {
            using var image = members.ReadImage(entry.Image);
            return pair with
            {
                Image = image.Span.ToArray(),
                Captions = CaptionsOf(members, entry),
                Class = entry.Class.IsPresent ? CaptionReader.ReadLabel(members, entry).ToString(CultureInfo.InvariantCulture) : null,
                Fields = FieldsOf(members, entry),
            };
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = e.Source() };
        }
    }

    private static IReadOnlyList<string> CaptionsOf(MemberReader members, SampleEntry entry)
    {
        if (!entry.Text.IsPresent && !entry.Json.IsPresent)
        {
            return []; // as all samples of labelled shards: an exception for each would cost a tenth of the packing
        }

        try
        {
            return Captions.Read(members, entry);
        }
        catch (BadSampleException e) when (e.Cause is "no caption" or "empty caption")
        {
            return [];
        }
    }

    private static IReadOnlyDictionary<string, System.Text.Json.JsonElement> FieldsOf(MemberReader members, SampleEntry entry)
    {
        if (!entry.Json.IsPresent)
        {
            return JsonFields.None;
        }

        using var json = members.ReadJson(entry.Json);
        return JsonFields.Of(json.Memory);
    }
}
