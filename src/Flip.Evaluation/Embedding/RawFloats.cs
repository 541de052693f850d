using System.Runtime.InteropServices;

namespace Flip.Evaluation.Embedding;

/// <summary>Floats as the bytes that safetensors holds. Every processor that .NET runs libtorch on is little-endian.</summary>
internal static class RawFloats
{
    private const int FloatsAtOnce = 1 << 24; // spans hold less than 2 GiB

    public static void Write(Stream stream, ReadOnlySpan<float> values)
    {
        for (; !values.IsEmpty; values = values[Math.Min(FloatsAtOnce, values.Length)..])
        {
            stream.Write(MemoryMarshal.AsBytes(values[..Math.Min(FloatsAtOnce, values.Length)]));
        }
    }
}
