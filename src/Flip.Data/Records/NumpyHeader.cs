using System.Buffers.Binary;
using System.Text;

namespace Flip.Data.Records;

/// <summary>The beginning of a file in NumPy's format (<c>.npy</c>): a Python dictionary with type, order and shape.</summary>
internal static class NumpyHeader
{
    /// <summary>Bytes before the header of version 1, whose length has two bytes; the later versions' has four.</summary>
    public const int FixedBytes = 10;

    /// <summary>What every such file begins with.</summary>
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The dictionary, and where the data begin.</summary>
    /// <param name="beginning">The file's first bytes: all of its header.</param>
    /// <exception cref="InvalidDataException">It is no such file, or ends inside its header; the message goes on behind "it".</exception>
    public static (string Text, int DataStart) Read(ReadOnlySpan<byte> beginning)
    {
        if (beginning.Length < FixedBytes || !beginning.StartsWith(Magic) || beginning[6] is < 1 or > 3)
        {
            throw new InvalidDataException("does not begin as .npy files do");
        }

        var start = beginning[6] == 1 ? FixedBytes : FixedBytes + 2;
        var length = beginning[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(beginning[8..])
            : beginning.Length >= start ? BinaryPrimitives.ReadUInt32LittleEndian(beginning[8..])
            : uint.MaxValue;
        return length > beginning.Length - start
            ? throw new InvalidDataException("ends inside its header")
            : (Encoding.Latin1.GetString(beginning.Slice(start, (int)length)), start + (int)length);
    }
}
