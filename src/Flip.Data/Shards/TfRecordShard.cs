using System.Globalization;
using Flip.Data.TfRecords;

namespace Flip.Data.Shards;

/// <summary>
/// Indexes a TFRecord file: each record is a sample, its image and caption are places in it. All of it is read once, since a record says only inside where its features lie. Of
/// several captions of a record the first is used, which is told.
/// </summary>
internal static class TfRecordShard
{
    private const string CaptionsCause = "further captions";

    /// <summary>Whether a file's name is that of one: <c>.tfrecord</c>, <c>.tfrecords</c>, <c>.tfrec</c>, also with its number behind, <c>train.tfrecord-00000-of-00010</c>.</summary>
    public static bool Is(string path)
    {
        var name = path.AsSpan(path.LastIndexOfAny(['/', '\\']) + 1);
        var numbered = name.LastIndexOf(".tfrec", StringComparison.OrdinalIgnoreCase);
        return numbered >= 0 && (name[numbered..].Equals(".tfrec", StringComparison.OrdinalIgnoreCase)
            || name[numbered..].Equals(".tfrecord", StringComparison.OrdinalIgnoreCase)
            || name[numbered..].Equals(".tfrecords", StringComparison.OrdinalIgnoreCase)
            || name[numbered..].StartsWith(".tfrecord-", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The samples of a file, and the key of each.</summary>
    /// <param name="file">The file.</param>
    /// <param name="shown">What to call it.</param>
    public static (ShardIndex Index, string[] Keys) Read(Stream file, string shown)
    {
        var (samples, keys, damage, lost) = (new List<SampleEntry>(), new List<string>(), new List<ShardDamage>(), new Dictionary<string, (long Count, string First)>());
        var reader = new TfRecordReader(file);
        var number = 0;
        try
        {
            for (var at = reader.Position; reader.Next(out var isWhole) is { } record; at = reader.Position, number++)
            {
                var name = number.ToString(CultureInfo.InvariantCulture);
                if (isWhole)
                {
                    Add(record.Span, at + TfRecord.HeaderSize, name);
                }
                else
                {
                    Lose("damaged record", name);
                }
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            damage.Add(new ShardDamage(shown, e is EndOfStreamException ? "cut shard" : number == 0 ? "not a TFRecord file" : "damaged shard", $"ends early, {e.Message}"));
        }

        damage.AddRange(lost.Select(cause => new ShardDamage(shown, cause.Key, Describe(cause.Key, cause.Value.Count, cause.Value.First), cause.Value.Count)));
        if (samples.Count == 0 && damage.Count == 0)
        {
            damage.Add(new ShardDamage(shown, "empty shard", "has no samples"));
        }

        return (new ShardIndex(shown, SampleTable.Of(samples, unit: 1), damage, new Dictionary<string, long>(), new Dictionary<long, Tar.SparseMap>()), [.. keys]);

        void Add(ReadOnlySpan<byte> record, long start, string name)
        {
            try
            {
                var pair = TfPair.Of(record);
                var captions = pair.CaptionPlaces(record);
                var text = captions.Count > 0 ? new Member(start + captions[0].Offset, captions[0].Length) : default;
                samples.Add(new SampleEntry(new Member(start + pair.Image.Offset, pair.Image.Length), text, default, default));
                keys.Add(pair.Key(record) ?? name);
                if (captions.Count > 1)
                {
                    Lose(CaptionsCause, name);
                }
            }
            catch (BadSampleException e)
            {
                Lose(e.Cause, name);
            }
        }

        void Lose(string cause, string name)
        {
            var (count, first) = lost.GetValueOrDefault(cause, (0, name));
            lost[cause] = (count + 1, first);
        }
    }

    private static string Describe(string cause, long count, string first) => cause == CaptionsCause
        ? $"has {count} record(s) with several captions, of which the first is used (flip data pack keeps all), such as record {first}"
        : $"has {count} record(s) that cannot be used ({cause}), such as record {first}";
}
