namespace Flip.Storage;

/// <summary>What a file of weights says of a tensor before its data is read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of its elements, by safetensors' names whatever the file: F32, BF16, I64 ...</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
public record TensorDescription(string Name, string Type, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Length">Bytes.</param>
internal sealed record SafetensorsEntry(string Name, string Type, IReadOnlyList<long> Shape, long Offset, long Length)
    : TensorDescription(Name, Type, Shape);
