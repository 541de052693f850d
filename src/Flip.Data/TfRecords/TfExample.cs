using System.Text;

namespace Flip.Data.TfRecords;

/// <summary>
/// A record as a <c>tf.train.Example</c>: features by name, each a place in the record. Nothing of their values is copied. The message is
/// <c>Example { Features features = 1 }</c>, <c>Features { map&lt;string, Feature&gt; feature = 1 }</c>, <c>Feature { oneof { bytes_list = 1, float_list = 2, int64_list = 3 } }</c>.
/// </summary>
internal static class TfExample
{
    /// <summary>Features of a record, at most: published ones have up to forty.</summary>
    private const int MostFeatures = 10_000;

    private const int FeaturesField = 1;
    private const int EntryField = 1;
    private const int KeyField = 1;
    private const int ValueField = 2;

    /// <summary>The features; of two of one name the last counts, as in every reader of such messages.</summary>
    /// <param name="record">The record's data.</param>
    /// <exception cref="InvalidDataException">It is no such message; the message says what is wrong, and where.</exception>
    public static Dictionary<string, TfFeature> Features(ReadOnlySpan<byte> record)
    {
        var features = new Dictionary<string, TfFeature>(StringComparer.Ordinal);
        var example = new WireReader(record);
        while (example.Next())
        {
            if (example is { Field: FeaturesField, Type: WireType.Bytes })
            {
                var entries = new WireReader(example.Value.Of(record));
                while (entries.Next())
                {
                    if (entries is { Field: EntryField, Type: WireType.Bytes })
                    {
                        var (name, feature) = Entry(record, entries.Value.In(example.Value));
                        features[name] = features.Count < MostFeatures ? feature : throw new InvalidDataException($"more than {MostFeatures} features");
                    }
                }
            }
        }

        return features;
    }

    private static (string Name, TfFeature Feature) Entry(ReadOnlySpan<byte> record, ByteRange entry)
    {
        var (name, feature) = ("", default(TfFeature));
        var fields = new WireReader(entry.Of(record));
        while (fields.Next())
        {
            if (fields is { Field: KeyField, Type: WireType.Bytes })
            {
                name = Encoding.UTF8.GetString(fields.Value.In(entry).Of(record));
            }
            else if (fields is { Field: ValueField, Type: WireType.Bytes })
            {
                feature = Feature(record, fields.Value.In(entry));
            }
        }

        return (name, feature);
    }

    private static TfFeature Feature(ReadOnlySpan<byte> record, ByteRange feature)
    {
        var found = default(TfFeature);
        var fields = new WireReader(feature.Of(record));
        while (fields.Next())
        {
            if (fields is { Field: >= (int)TfFeatureKind.Bytes and <= (int)TfFeatureKind.Integers, Type: WireType.Bytes })
            {
                found = new TfFeature((TfFeatureKind)fields.Field, fields.Value.In(feature));
            }
        }

        return found;
    }
}
