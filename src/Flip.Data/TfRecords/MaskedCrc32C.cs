using System.Buffers.Binary;
using System.Numerics;

namespace Flip.Data.TfRecords;

/// <summary>
/// The checksum of TFRecord files: CRC-32C (Castagnoli), turned and shifted so that a checksum of data that holds checksums is none of them. .NET has the polynomial's step as an
/// instruction of the processor; System.IO.Hashing has CRC-32 of another polynomial alone.
/// </summary>
internal static class MaskedCrc32C
{
    private const uint Shift = 0xA282EAD8;
    private const int Turn = 15;

    /// <summary>The checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, Turn) + Shift;
    }
}
