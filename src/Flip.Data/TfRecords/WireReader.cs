namespace Flip.Data.TfRecords;

/// <summary>
/// Walks over the fields of a Protocol Buffers message and tells where each lies. Why it is written here: Google.Protobuf copies every field of bytes, and neither its messages nor its
/// CodedInputStream say where in the input a field stands. An image is 100 KB that nobody needs twice.
/// </summary>
/// <param name="message">The message.</param>
internal ref struct WireReader(ReadOnlySpan<byte> message)
{
    private const int MostVarintBytes = 10;

    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;

    /// <summary>Number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>How it is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>Its bytes, as a place in the message.</summary>
    public ByteRange Value { get; private set; }

    /// <summary>Its value where it is a number of variable length.</summary>
    public ulong Number { get; private set; }

    /// <summary>Reads the next field.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The bytes are no message.</exception>
    public bool Next()
    {
        if (_at >= _message.Length)
        {
            return false;
        }

        var tag = Varint();
        (Field, Type) = (tag >> 3 is > 0 and <= int.MaxValue and var field ? (int)field : throw Damage("a field without a number"), (WireType)(tag & 7));
        var start = _at;
        var length = Type switch
        {
            WireType.Varint => (ulong)VarintLength(),
            WireType.Fixed64 => 8UL,
            WireType.Bytes => Varint(),
            WireType.Fixed32 => 4UL,
            _ => throw Damage("a field of an unknown kind"), // groups went out of use before TensorFlow began
        };
        start = Type == WireType.Bytes ? _at : start;
        if (length > (ulong)(_message.Length - start))
        {
            throw Damage("a field that is longer than what it lies in");
        }

        Value = new ByteRange(start, (int)length);
        _at = start + (int)length;
        return true;
    }

    /// <summary>The next number of a packed list; the message is that list.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The list ends inside the number.</exception>
    public bool NextPacked()
    {
        if (_at >= _message.Length)
        {
            return false;
        }

        Number = Varint();
        return true;
    }

    private int VarintLength()
    {
        var start = _at;
        Number = Varint();
        return _at - start;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < MostVarintBytes && _at < _message.Length; i++)
        {
            var next = _message[_at++];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damage("a number without an end");
    }

    private readonly InvalidDataException Damage(string what) => new(FormattableString.Invariant($"{what}, at byte {_at}"));
}
