using Flip.Conversion.Onnx.Schema;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Conversion.Onnx;

/// <summary>A constant of a graph, whose data is made when it is written, so that a model is never held twice.</summary>
/// <param name="Name">Name in the graph.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Shape">Sizes; empty for a scalar.</param>
/// <param name="Read">Makes the data: of this shape, of any type and layout.</param>
internal sealed record OnnxWeight(string Name, TensorProto.Types.DataType Type, long[] Shape, Func<Tensor> Read)
{
    private const double LargestFloat16 = 65504;

    /// <summary>Bytes of data.</summary>
    public long Length => Shape.Aggregate((long)ElementType.Size, (product, size) => product * size);

    private (ScalarType Torch, int Size) ElementType => Type switch
    {
        TensorProto.Types.DataType.Float => (ScalarType.Float32, 4),
        TensorProto.Types.DataType.Float16 => (ScalarType.Float16, 2),
        TensorProto.Types.DataType.Uint8 => (ScalarType.Byte, 1),
        TensorProto.Types.DataType.Int8 => (ScalarType.Int8, 1),
        TensorProto.Types.DataType.Int64 => (ScalarType.Int64, 8),
        TensorProto.Types.DataType.Bool => (ScalarType.Bool, 1),
        _ => throw new NotSupportedException($"Constants of type {Type}."),
    };

    /// <summary>The schema's description, without data.</summary>
    public TensorProto Describe()
    {
        var tensor = new TensorProto { Name = Name, DataType = Type };
        tensor.Dims.AddRange(Shape);
        return tensor;
    }

    /// <summary>Writes the data, little-endian.</summary>
    /// <exception cref="ConfigException">A finite value is beyond float16.</exception>
    public void WriteData(Stream stream)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var data = Read();
        if (!data.shape.SequenceEqual(Shape))
        {
            throw new InvalidOperationException($"{Name} is [{string.Join(", ", data.shape)}], declared [{string.Join(", ", Shape)}].");
        }

        var converted = data.to(ElementType.Torch);
        if (Type == TensorProto.Types.DataType.Float16 && !data.isinf().equal(converted.isinf()).all().item<bool>())
        {
            throw new ConfigException($"Weight '{Name}' has values beyond float16's {LargestFloat16}: export it in fp32.");
        }

        SafetensorsWriter.WriteData(stream, converted);
    }
}
