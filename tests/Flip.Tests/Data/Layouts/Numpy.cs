using System.Runtime.InteropServices;
using System.Text;

namespace Flip.Tests.Data.Layouts;

/// <summary>Files as NumPy writes them (version 1, padded to a multiple of 64 bytes).</summary>
internal static class Numpy
{
    public static byte[] Floats(params float[] values) => Of("<f4", values.Length, MemoryMarshal.AsBytes<float>(values));

    public static byte[] Of(string type, int count, ReadOnlySpan<byte> data) => WithHeader(
        $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({count},), }}", data);

    public static byte[] WithHeader(string header, ReadOnlySpan<byte> data)
    {
        var padded = header.PadRight(((10 + header.Length + 1 + 63) / 64 * 64) - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)padded.Length, (byte)(padded.Length >> 8), .. Encoding.ASCII.GetBytes(padded), .. data];
    }
}
