using System.IO.Compression;
using System.Text.Json;
using Flip.Data;
using Flip.Data.Shards;
using Flip.Data.TfRecords;
using Flip.Io;

namespace Flip.Ingest.Formats;

/// <summary>TFRecord files of <c>tf.train.Example</c>s, also compressed as a whole with gzip. A damaged record is an entry with its problem; behind a damaged length the rest of the file is one.</summary>
/// <param name="files">The files, in order.</param>
internal sealed class TfRecordPairs(IReadOnlyList<string> files) : IPairReader
{
    private const string Compressed = ".gz";
    private const int MostValues = 1000; // of a feature that goes into a sample's .json

    /// <inheritdoc/>
    public string Format => "TFRecord";

    /// <inheritdoc/>
    public long? Count => null;

    /// <summary>Whether a file's name is that of such a file, which may have <c>.gz</c> behind it.</summary>
    public static bool IsName(string path) => TfRecordShard.Is(path.EndsWith(Compressed, StringComparison.OrdinalIgnoreCase) ? path[..^Compressed.Length] : path);

    /// <inheritdoc/>
    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        foreach (var path in files)
        {
            using var stream = Open(path);
            var reader = new TfRecordReader(stream);
            for (var number = 0L; ; number++)
            {
                cancellation.ThrowIfCancellationRequested();
                var key = FormattableString.Invariant($"{Path.GetFileName(path)}/{number}");
                var pair = Next(reader, path, key, isSkipped: first > 0, out var isEnd);
                if (pair is not null && first-- <= 0)
                {
                    yield return pair;
                }

                if (isEnd)
                {
                    break;
                }
            }
        }
    }

    /// <summary>The next entry; null at the end of a file.</summary>
    private static SourcePair? Next(TfRecordReader reader, string path, string key, bool isSkipped, out bool isEnd)
    {
        isEnd = false;
        var pair = new SourcePair { Key = UnicodeName.Printable(key) };
        var at = reader.Position;
        try
        {
            if (isSkipped)
            {
                isEnd = !reader.Skip();
                return isEnd ? null : pair;
            }

            if (reader.Next(out var isWhole) is not { } record)
            {
                isEnd = true;
                return null;
            }

            return isWhole ? Pair(pair, record.Span)
                : pair with { Problem = new BadSource("damaged record", FormattableString.Invariant($"{path}: the record at byte {at} has another checksum")) };
        }
        catch (BadSampleException e)
        {
            return pair with { Problem = new BadSource(e.Cause, FormattableString.Invariant($"{path}, the record at byte {at}: {e.Message}")) };
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            isEnd = true;
            return pair with { Problem = new BadSource("damaged file", $"{path}: {e.Message}; the rest of the file is not read") };
        }
    }

    private static SourcePair Pair(SourcePair pair, ReadOnlySpan<byte> record)
    {
        var found = TfPair.Of(record);
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, feature) in found.Features.Where(feature => !TfPair.IsPart(feature.Key)).OrderBy(feature => feature.Key, StringComparer.Ordinal))
        {
            if (Value(record, feature) is { } value)
            {
                fields[name] = value;
            }
        }

        return pair with
        {
            Key = found.Key(record) is { Length: > 0 } key ? UnicodeName.Printable(key) : pair.Key,
            Image = found.Image.Of(record).ToArray(),
            Captions = found.Captions(record),
            Class = found.Class(record),
            Fields = fields,
        };
    }

    /// <summary>A feature as JSON, a list where it has several values; null where it has none, too many, or is no text.</summary>
    private static JsonElement? Value(ReadOnlySpan<byte> record, TfFeature feature)
    {
        object[] values;
        try
        {
            values = feature.Kind switch
            {
                TfFeatureKind.Integers => [.. feature.Integers(record, MostValues + 1).Cast<object>()],
                TfFeatureKind.Floats => [.. feature.Floats(record, MostValues + 1).Where(float.IsFinite).Cast<object>()],
                _ => Texts(record, feature),
            };
        }
        catch (Exception e) when (e is InvalidDataException or BadSampleException)
        {
            return null; // a field that nobody asked for costs no sample
        }

        return values.Length is 0 or > MostValues ? null : JsonSerializer.SerializeToElement(values.Length == 1 ? values[0] : values);
    }

    private static object[] Texts(ReadOnlySpan<byte> record, TfFeature feature)
    {
        var texts = new List<object>();
        foreach (var place in feature.Bytes(record, MostValues + 1))
        {
            texts.Add(TfPair.Text(record, place));
        }

        return [.. texts];
    }

    /// <summary>Opens a file. Whether it is compressed its first bytes say, not its name.</summary>
    private static Stream Open(string path)
    {
        if (PlainFile.Length(path) == 0)
        {
            return Stream.Null;
        }

        var file = PlainFile.OpenRead(path, FileOptions.SequentialScan);
        Span<byte> start = stackalloc byte[TfRecord.HeaderSize];
        var count = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return count >= 2 && start[0] == 0x1F && start[1] == 0x8B && !TfRecordFile.IsHeader(start[..count])
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
    }
}
