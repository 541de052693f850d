using System.Numerics;
using System.Runtime.CompilerServices;

namespace Flip.Distributed;

/// <summary>Sums of several ranks' entries, in the ranks' order: the bits are the same on every run and every rank.</summary>
internal static unsafe class OrderedSum
{
    /// <summary>Adds entries.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="target">Receives the sums; may be one of the sources.</param>
    /// <param name="sources">The ranks' entries, in their order.</param>
    /// <param name="count">Entries of each.</param>
    public static void Add(NumberType type, nint target, ReadOnlySpan<nint> sources, long count)
    {
        switch (type)
        {
            case NumberType.Float:
                Add<float>((float*)target, sources, count);
                break;
            case NumberType.Double:
                Add<double>((double*)target, sources, count);
                break;
            default:
                Add<long>((long*)target, sources, count);
                break;
        }
    }

    private static void Add<T>(T* target, ReadOnlySpan<nint> sources, long count)
        where T : unmanaged, INumber<T>
    {
        long i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            var sum = Unsafe.ReadUnaligned<Vector<T>>((T*)sources[0] + i);
            for (var rank = 1; rank < sources.Length; rank++)
            {
                sum += Unsafe.ReadUnaligned<Vector<T>>((T*)sources[rank] + i);
            }

            Unsafe.WriteUnaligned(target + i, sum);
        }

        for (; i < count; i++)
        {
            var sum = ((T*)sources[0])[i];
            for (var rank = 1; rank < sources.Length; rank++)
            {
                sum += ((T*)sources[rank])[i];
            }

            target[i] = sum;
        }
    }
}
