using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Flip.Search.Vectors;

/// <summary>Vectors of each format: their cosines to a query, and back to floats.</summary>
internal static class VectorNumbers
{
    private const int Largest = 127;

    /// <summary>A query as a format's vectors are compared with it.</summary>
    /// <param name="query"><c>[D]</c>, of any length but 0.</param>
    /// <param name="format">The vectors' format.</param>
    /// <returns>Floats of length 1, <c>[D]</c>; for <see cref="VectorFormat.Int8"/> rounded to the 8-bit numbers that it becomes.</returns>
    /// <exception cref="ArgumentException">A number is not finite, or all are 0.</exception>
    public static float[] Prepare(ReadOnlySpan<float> query, VectorFormat format)
    {
        var length = Math.Sqrt(TensorPrimitives.SumOfSquares(query));
        if (!double.IsFinite(length) || length <= 0)
        {
            throw new ArgumentException("The query has numbers that are not finite, or no direction.", nameof(query));
        }

        var prepared = new float[query.Length];
        TensorPrimitives.Divide(query, (float)length, prepared);
        if (format == VectorFormat.Int8)
        {
            TensorPrimitives.Multiply(prepared, Largest, prepared);
            TensorPrimitives.Round(prepared, prepared);
        }

        return prepared;
    }

    /// <summary>Cosine of a stored vector to a prepared query, -1 to 1 but for rounding.</summary>
    /// <param name="query">What <see cref="Prepare"/> gave, <c>[D]</c>.</param>
    /// <param name="vector">The vector's bytes.</param>
    /// <param name="format">Its format.</param>
    /// <param name="scratch">Room for D floats.</param>
    public static float Cosine(ReadOnlySpan<float> query, ReadOnlySpan<byte> vector, VectorFormat format, Span<float> scratch)
    {
        switch (format)
        {
            case VectorFormat.Fp32:
                return TensorPrimitives.Dot(query, MemoryMarshal.Cast<byte, float>(vector));
            case VectorFormat.Fp16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(vector), scratch);
                return TensorPrimitives.Dot(query, scratch);
            default:
                Widen(MemoryMarshal.Cast<byte, sbyte>(vector), scratch);
                var lengths = TensorPrimitives.Norm(query) * TensorPrimitives.Norm<float>(scratch);
                return lengths > 0 ? TensorPrimitives.Dot(query, scratch) / lengths : 0;
        }
    }

    /// <summary>A stored vector as floats of length 1.</summary>
    /// <param name="vector">Its bytes.</param>
    /// <param name="format">Its format.</param>
    /// <param name="floats">Receives them, <c>[D]</c>.</param>
    public static void ToFloats(ReadOnlySpan<byte> vector, VectorFormat format, Span<float> floats)
    {
        switch (format)
        {
            case VectorFormat.Fp32:
                MemoryMarshal.Cast<byte, float>(vector).CopyTo(floats);
                return;
            case VectorFormat.Fp16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(vector), floats);
                break;
            default:
                Widen(MemoryMarshal.Cast<byte, sbyte>(vector), floats);
                break;
        }

        var length = TensorPrimitives.Norm<float>(floats);
        TensorPrimitives.Divide(floats, length > 0 ? length : 1, floats);
    }

    private static void Widen(ReadOnlySpan<sbyte> numbers, Span<float> floats)
    {
        var at = 0;
        for (; at + Vector<sbyte>.Count <= numbers.Length; at += Vector<sbyte>.Count)
        {
            Vector.Widen(new Vector<sbyte>(numbers[at..]), out var low, out var high);
            Put(low, floats[at..]);
            Put(high, floats[(at + Vector<short>.Count)..]);
        }

        for (; at < numbers.Length; at++)
        {
            floats[at] = numbers[at];
        }

        static void Put(Vector<short> numbers, Span<float> floats)
        {
            Vector.Widen(numbers, out var low, out var high);
            Vector.ConvertToSingle(low).CopyTo(floats);
            Vector.ConvertToSingle(high).CopyTo(floats[Vector<int>.Count..]);
        }
    }
}
