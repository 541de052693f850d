using System.Buffers.Binary;

namespace Flip.Data.TfRecords;

/// <summary>What a feature's values are.</summary>
internal enum TfFeatureKind
{
    /// <summary>It has no list.</summary>
    None = 0,

    /// <summary>Strings and files.</summary>
    Bytes = 1,

    /// <summary>Numbers of 4 bytes.</summary>
    Floats = 2,

    /// <summary>Whole numbers of 8 bytes.</summary>
    Integers = 3,
}

/// <summary>A feature of a <c>tf.train.Example</c>: where its list of values lies. Values are read when they are asked for.</summary>
/// <param name="Kind">What its values are.</param>
/// <param name="List">Where the list lies in the record.</param>
internal readonly record struct TfFeature(TfFeatureKind Kind, ByteRange List)
{
    private const int ValueField = 1;

    /// <summary>Where the values of a feature of bytes lie in the record; none for another kind.</summary>
    /// <param name="record">The record.</param>
    /// <param name="most">How many are wanted.</param>
    /// <exception cref="InvalidDataException">The list is damaged.</exception>
    public List<ByteRange> Bytes(ReadOnlySpan<byte> record, int most = int.MaxValue)
    {
        var values = new List<ByteRange>();
        var list = new WireReader(List.Of(record));
        while (Kind == TfFeatureKind.Bytes && values.Count < most && list.Next())
        {
            if (list is { Field: ValueField, Type: WireType.Bytes })
            {
                values.Add(list.Value.In(List));
            }
        }

        return values;
    }

    /// <summary>Values of a feature of whole numbers; none for another kind.</summary>
    /// <inheritdoc cref="Bytes"/>
    public List<long> Integers(ReadOnlySpan<byte> record, int most = int.MaxValue)
    {
        var values = new List<long>();
        var list = new WireReader(List.Of(record));
        while (Kind == TfFeatureKind.Integers && values.Count < most && list.Next())
        {
            if (list is { Field: ValueField, Type: WireType.Varint })
            {
                values.Add((long)list.Number);
            }
            else if (list is { Field: ValueField, Type: WireType.Bytes })
            {
                var packed = new WireReader(list.Value.In(List).Of(record));
                while (values.Count < most && packed.NextPacked())
                {
                    values.Add((long)packed.Number);
                }
            }
        }

        return values;
    }

    /// <summary>Values of a feature of numbers; none for another kind.</summary>
    /// <inheritdoc cref="Bytes"/>
    public List<float> Floats(ReadOnlySpan<byte> record, int most = int.MaxValue)
    {
        var values = new List<float>();
        var list = new WireReader(List.Of(record));
        while (Kind == TfFeatureKind.Floats && values.Count < most && list.Next())
        {
            if (list is { Field: ValueField, Type: WireType.Fixed32 or WireType.Bytes })
            {
                var packed = list.Value.In(List).Of(record);
                for (; values.Count < most && packed.Length >= sizeof(float); packed = packed[sizeof(float)..])
                {
                    values.Add(BinaryPrimitives.ReadSingleLittleEndian(packed));
                }
            }
        }

        return values;
    }
}
