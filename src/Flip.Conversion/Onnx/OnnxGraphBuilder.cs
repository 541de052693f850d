using Flip.Conversion.Onnx.Schema;
using Flip.Models;
using Google.Protobuf;
using static TorchSharp.torch;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Collects the nodes and constants of a graph. A value is known by its name, which every method that makes one returns; names are
/// those of the model's parameters, so that a viewer shows which layer a node belongs to.
/// </summary>
/// <param name="name">Name of the graph.</param>
/// <param name="parameters">The model's weights; constants of those names are made on demand.</param>
/// <param name="precision">Number format of weights and towers.</param>
internal sealed class OnnxGraphBuilder(string name, FlatParameters parameters, OnnxPrecision precision)
{
    private readonly Dictionary<string, OnnxWeight> _weights = [];
    private readonly HashSet<string> _exported = [];

    /// <summary>Nodes, inputs and outputs; no constants.</summary>
    public GraphProto Graph { get; } = new() { Name = name };

    /// <summary>Constants in the order of their first use.</summary>
    public IReadOnlyCollection<OnnxWeight> Weights => _weights.Values;

    /// <summary>Names of the model's parameters that the graph holds, in whatever layout.</summary>
    public IReadOnlySet<string> Exported => _exported;

    /// <summary>Whether weights of matrix products are of 8 bits.</summary>
    public bool IsQuantized => precision == OnnxPrecision.Quantized;

    /// <summary>Type of the towers' values.</summary>
    public DataType ComputeType { get; } = precision == OnnxPrecision.Fp16 ? DataType.Float16 : DataType.Float;

    /// <summary>A size of a shape that is known.</summary>
    public static TensorShapeProto.Types.Dimension Size(long size) => new() { DimValue = size };

    /// <summary>A size of a shape that is the caller's choice, by name.</summary>
    public static TensorShapeProto.Types.Dimension Size(string name) => new() { DimParam = name };

    public string Input(string name, string meaning, DataType type, params TensorShapeProto.Types.Dimension[] shape)
    {
        Graph.Input.Add(Value(name, meaning, type, shape));
        return name;
    }

    public void Output(string name, string meaning, params TensorShapeProto.Types.Dimension[] shape) =>
        Graph.Output.Add(Value(name, meaning, DataType.Float, shape));

    /// <summary>Adds a node of one output, which has the node's name.</summary>
    public string Node(string operation, string name, string[] inputs, params AttributeProto[] attributes)
    {
        Node(operation, name, inputs, [name], attributes);
        return name;
    }

    /// <summary>Adds a node of several outputs, and returns their names.</summary>
    public string[] Node(string operation, string name, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = name };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);
        Graph.Node.Add(node);
        return outputs;
    }

    /// <summary>Adds a node that cuts a value into equal parts along its last dimension.</summary>
    public string[] Split(string name, string value, params string[] parts) =>
        Node("Split", name, [value], parts, Attribute("axis", -1), Attribute("num_outputs", parts.Length));

    /// <summary>The parameter of a name, where the model has it.</summary>
    public Parameter? Find(string name) => parameters.Find(name);

    /// <summary>A parameter in the towers' type.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="layout">Brings it from the model's layout to the graph's; null for the same.</param>
    public string Weight(string name, Func<Tensor, Tensor>? layout = null)
    {
        var parameter = Find(name) ?? throw new ArgumentException($"The model has no parameter '{name}'.", nameof(name));
        _exported.Add(name);

        // A view of one entry tells the shape of the layout without a copy of the weight.
        using var scope = NewDisposeScope();
        var shape = layout is null ? parameter.Shape : layout(empty(1).expand(parameter.Shape)).shape;
        return Constant(name, ComputeType, shape, () => layout is null ? parameter.Master : layout(parameter.Master));
    }

    /// <summary>A constant that is computed from parameters.</summary>
    public string Derived(string name, DataType type, long[] shape, Func<Tensor> read, params IEnumerable<string> parameterNames)
    {
        _exported.UnionWith(parameterNames);
        return Constant(name, type, shape, read);
    }

    /// <summary>A constant list of whole numbers, <c>[values]</c>.</summary>
    public string Integers(params long[] values) =>
        Constant("int64." + string.Join("_", values), DataType.Int64, [values.Length], () => tensor(values));

    /// <summary>A constant whole number, without dimensions.</summary>
    public string Integer(long value) => Constant($"int64.scalar.{value}", DataType.Int64, [], () => tensor(value));

    /// <summary>A constant number, without dimensions.</summary>
    public string Number(string name, double value, DataType type) => Constant(name, type, [], () => tensor((float)value));

    /// <summary>A constant; one of the same name is the same.</summary>
    public string Constant(string name, DataType type, long[] shape, Func<Tensor> read)
    {
        _weights.TryAdd(name, new OnnxWeight(name, type, shape, read));
        return name;
    }

    public string Cast(string name, string value, DataType to) => Node("Cast", name, [value], Attribute("to", (long)to));

    /// <summary>An fp32 value in the towers' type.</summary>
    public string ToCompute(string value) => ComputeType == DataType.Float ? value : Cast(value + ".fp16", value, ComputeType);

    /// <summary>A value of the towers in fp32.</summary>
    public string ToFp32(string value) => ComputeType == DataType.Float ? value : Cast(value + ".fp32", value, DataType.Float);

    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, double value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = (float)value };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Attribute(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    private static ValueInfoProto Value(string name, string meaning, DataType type, TensorShapeProto.Types.Dimension[] sizes)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(sizes);
        return new ValueInfoProto
        {
            Name = name,
            DocString = meaning,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = type, Shape = shape } },
        };
    }
}
