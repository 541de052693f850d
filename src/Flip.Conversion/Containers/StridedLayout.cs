namespace Flip.Conversion.Containers;

/// <summary>Sizes of tensors as strangers state them: nothing overflows.</summary>
internal static class StridedLayout
{
    public const int MaxRank = 64;

    /// <summary>Bytes of a dense tensor, or null where the shape is impossible.</summary>
    public static long? Bytes(ReadOnlySpan<long> shape, int elementSize)
    {
        if (shape.Length > MaxRank)
        {
            return null;
        }

        var empty = false;
        var bytes = (Int128)elementSize;
        foreach (var size in shape)
        {
            // The product without zeros must fit as well: libtorch computes strides from it.
            bytes *= size == 0 ? 1 : size;
            empty |= size == 0;
            if (size < 0 || bytes > long.MaxValue)
            {
                return null;
            }
        }

        return empty ? 0 : (long)bytes;
    }

    /// <summary>Whether elements lie in row-major order without gaps; strides of dimensions of one element say nothing.</summary>
    public static bool IsDense(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var expected = 1L;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] != 1 && strides[i] != expected)
            {
                return false;
            }

            expected *= shape[i];
        }

        return true;
    }

    /// <summary>Elements from the first to the last that a view of at least one element touches; null where strides are impossible.</summary>
    public static long? Stretch(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        var last = Int128.Zero;
        for (var i = 0; i < shape.Length; i++)
        {
            last += (Int128)(shape[i] - 1) * strides[i];
            if ((strides[i] < 0 && shape[i] > 1) || last >= long.MaxValue)
            {
                return null;
            }
        }

        return (long)last + 1;
    }
}
