using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>Sizes of tensors that ranks exchange.</summary>
internal static class RankShapes
{
    /// <summary>Bytes of a tensor.</summary>
    public static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;

    /// <summary>The type of numbers that are summed.</summary>
    /// <exception cref="ArgumentException">Ranks do not sum such numbers.</exception>
    public static NumberType TypeOf(Tensor values) => values.dtype switch
    {
        ScalarType.Float32 => NumberType.Float,
        ScalarType.Float64 => NumberType.Double,
        ScalarType.Int64 => NumberType.Int64,
        _ => throw new ArgumentException($"Numbers of type {values.dtype} are not summed over ranks.", nameof(values)),
    };

    /// <summary>Bytes of each rank's rows, checked against both tensors.</summary>
    /// <param name="own">This rank's rows.</param>
    /// <param name="all">All rows.</param>
    /// <param name="counts">Rows of each rank.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="world">Number of ranks.</param>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    public static long[] RowBytes(Tensor own, Tensor all, IReadOnlyList<long> counts, int rank, int world)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(all);
        ArgumentNullException.ThrowIfNull(counts);
        var rows = counts.Sum();
        var bytes = Bytes(all);
        if (counts.Count != world || counts.Any(count => count < 0) || own.dtype != all.dtype || rows != (all.dim() == 0 ? 1 : all.shape[0])
            || Bytes(own) * Math.Max(rows, 1) != bytes * counts[rank])
        {
            throw new ArgumentException(
                $"Rows {string.Join(", ", counts)} of {world} ranks do not fit tensors of shapes [{string.Join(", ", own.shape)}] and [{string.Join(", ", all.shape)}].", nameof(counts));
        }

        return [.. counts.Select(count => rows == 0 ? 0 : bytes / rows * count)];
    }

    /// <summary>The same memory in a tensor that nobody else disposes of.</summary>
    public static Tensor Held(Tensor tensor)
    {
        using var noGrad = no_grad();
        return tensor.detach().DetachFromDisposeScope();
    }
}
