namespace Flip.Io;

/// <summary>What the header of a safetensors file says of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of its elements as written in the file: F32, BF16, I64 ...</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record TensorDescription(string Name, string Type, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}
