using System.Buffers.Binary;

namespace Flip.Ingest.Tables;

/// <summary>
/// Checks what stands at the end of a Parquet file before the library reads it: Parquet.Net makes as many entries of a list as its length says, without a look at how many bytes there
/// are, so one changed byte can take an hour and all memory. The footer is Thrift's compact form; here only its lengths are followed.
/// </summary>
internal ref struct ParquetFooter
{
    private const int MostBytes = 1 << 28; // tens of thousands of groups with dozens of columns
    private const int MostDepth = 32;
    private const int TailSize = 8; // the footer's length, and the mark

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private ParquetFooter(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Thrift's types, as structures and lists have them.</summary>
    private enum Kind
    {
        Stop = 0,
        True = 1,
        False = 2,
        Byte = 3,
        Short = 4,
        Int = 5,
        Long = 6,
        Double = 7,
        Bytes = 8,
        List = 9,
        Set = 10,
        Map = 11,
        Struct = 12,
    }

    /// <summary>Refuses a file whose end is none of a Parquet file.</summary>
    /// <param name="file">The file; its position is changed back.</param>
    /// <exception cref="InvalidDataException">The end has another form.</exception>
    public static void Check(Stream file)
    {
        Span<byte> tail = stackalloc byte[TailSize];
        if (file.Length < TailSize * 2)
        {
            throw new InvalidDataException("it is too short");
        }

        file.Position = file.Length - TailSize;
        file.ReadExactly(tail);
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || length < 0 || length > Math.Min(MostBytes, file.Length - TailSize))
        {
            throw new InvalidDataException("it does not end as Parquet files do");
        }

        var footer = new byte[length];
        file.Position = file.Length - TailSize - length;
        file.ReadExactly(footer);
        file.Position = 0;
        new ParquetFooter(footer).Struct(0);
    }

    private void Struct(int depth)
    {
        if (depth > MostDepth)
        {
            throw Damage();
        }

        while (Byte() is var header and not 0)
        {
            if (header >> 4 == 0)
            {
                Varint(); // the field's number, where it does not follow from the one before
            }

            Value((Kind)(header & 0xF), depth, isField: true);
        }
    }

    private void Value(Kind kind, int depth, bool isField = false)
    {
        switch (kind)
        {
            case Kind.True or Kind.False:
                Skip(isField ? 0UL : 1UL); // a field's type is its value
                break;
            case Kind.Byte:
                Skip(1);
                break;
            case Kind.Short or Kind.Int or Kind.Long:
                Varint();
                break;
            case Kind.Double:
                Skip(sizeof(double));
                break;
            case Kind.Bytes:
                Skip(Varint());
                break;
            case Kind.List or Kind.Set:
                List(depth);
                break;
            case Kind.Struct:
                Struct(depth + 1);
                break;
            default:
                throw Damage(); // maps are in no Parquet footer
        }
    }

    /// <summary>Each item takes a byte at least.</summary>
    private void List(int depth)
    {
        var header = Byte();
        var count = header >> 4 == 0xF ? Varint() : (ulong)(header >> 4);
        if (count > (ulong)(_bytes.Length - _at) || depth > MostDepth)
        {
            throw Damage();
        }

        for (var i = 0UL; i < count; i++)
        {
            Value((Kind)(header & 0xF), depth + 1);
        }
    }

    private byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw Damage();

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damage();
    }

    private void Skip(ulong count) => _at = count <= (ulong)(_bytes.Length - _at) ? _at + (int)count : throw Damage();

    private readonly InvalidDataException Damage() => new(FormattableString.Invariant($"its footer is damaged at byte {_at}"));
}
