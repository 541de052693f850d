using System.Buffers.Binary;
using System.Text;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>The bytes of a pickle, or of several behind one another: opcodes, what follows them, and the values that are one opcode.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">All bytes that may be read.</param>
internal sealed class PickleBytes(string path, byte[] bytes)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly PickleBlob Blob = new();

    public string Path { get; } = path;

    /// <summary>The next byte's place.</summary>
    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(bytes.Length - Position))
        {
            throw Wrong("it ends too early");
        }

        Position += (int)count;
        return bytes.AsSpan(Position - (int)count, (int)count);
    }

    public string Line()
    {
        var length = bytes.AsSpan(Position).IndexOf((byte)'\n');
        var text = Text(Take(length < 0 ? ulong.MaxValue : (ulong)length));
        Position++;
        return text;
    }

    /// <summary>The value that an opcode with what follows it stands for; false for an opcode of another kind.</summary>
    public bool TryValue(byte code, out object? value)
    {
        switch (code)
        {
            case (byte)'N':
                value = null;
                return true;
            case 0x88 or 0x89:
                value = code == 0x88;
                return true;
            case (byte)'G':
                value = BinaryPrimitives.ReadDoubleBigEndian(Take(8));
                return true;
            default:
                value = Whole(code) ?? (object?)Textual(code) ?? Opaque(code);
                return value is not null;
        }
    }

    public CheckpointFormatException Wrong(string problem, Exception? cause = null) => new(Path, null, $"the pickle, byte {Position}: {problem}", cause);

    private object? Whole(byte code) => code switch
    {
        (byte)'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        (byte)'K' => (long)Byte(),
        (byte)'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        0x8a => Long(Take(Byte())),
        0x8b => Long(Take(UInt32())),
        _ => null,
    };

    private string? Textual(byte code) => code switch
    {
        (byte)'X' => Text(Take(UInt32())),
        0x8c => Text(Take(Byte())),
        0x8d => Text(Take(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))),

        // Texts of Python 2.
        (byte)'U' => Encoding.Latin1.GetString(Take(Byte())),
        (byte)'T' => Encoding.Latin1.GetString(Take(UInt32())),
        _ => null,
    };

    private PickleBlob? Opaque(byte code)
    {
        switch (code)
        {
            case (byte)'C':
                Take(Byte());
                return Blob;
            case (byte)'B':
                Take(UInt32());
                return Blob;
            case 0x8e or 0x96:
                Take(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));
                return Blob;
            default:
                return null;
        }
    }

    private static object Long(ReadOnlySpan<byte> number)
    {
        if (number.Length > 8)
        {
            return Blob;
        }

        Span<byte> whole = stackalloc byte[8];
        whole.Fill(number.Length > 0 && number[^1] >= 0x80 ? (byte)0xff : (byte)0);
        number.CopyTo(whole);
        return BinaryPrimitives.ReadInt64LittleEndian(whole);
    }

    private string Text(ReadOnlySpan<byte> text)
    {
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            throw Wrong("text that is no UTF-8", e);
        }
    }
}
