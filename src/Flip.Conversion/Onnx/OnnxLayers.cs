using Flip.Config;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>The layers of <c>Flip.Models</c> as nodes; each takes the name that its parameters have in the model.</summary>
internal static class OnnxLayers
{
    /// <summary>y = x Wᵀ + b over the last dimension; without b where the model has none.</summary>
    public static string Linear(this OnnxGraphBuilder graph, string name, string x)
    {
        var hasBias = graph.Find($"{name}.bias") is not null;
        var product = hasBias ? $"{name}.product" : name;
        if (graph.IsQuantized)
        {
            graph.QuantizedProduct(product, x, $"{name}.weight");
        }
        else
        {
            // MatMul takes [in, out], the model holds [out, in].
            graph.Node("MatMul", product, [x, graph.Weight($"{name}.weight", stored => stored.t())]);
        }

        return hasBias ? graph.Node("Add", name, [product, graph.Weight($"{name}.bias")]) : product;
    }

    /// <summary>LayerNorm over the last dimension, statistics in fp32 (the operator's default).</summary>
    public static string LayerNorm(this OnnxGraphBuilder graph, string name, string x, double eps) => graph.Node(
        "LayerNormalization", name, [x, graph.Weight($"{name}.weight"), graph.Weight($"{name}.bias")], Attribute("epsilon", eps));

    /// <summary>The blocks of a tower.</summary>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="tower">image or text.</param>
    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="depth">Blocks.</param>
    /// <param name="attention">Sizes and mask of their attention.</param>
    /// <param name="kind">Activation and epsilon.</param>
    public static string Blocks(this OnnxGraphBuilder graph, string tower, string x, int depth, OnnxAttention attention, BlockKind kind)
    {
        for (var i = 0; i < depth; i++)
        {
            var name = $"{tower}.blocks.{i}";
            var attended = attention.Add(graph, $"{name}.attention", graph.LayerNorm($"{name}.norm1", x, kind.LayerNormEps));
            x = graph.Node("Add", $"{name}.attended", [x, attended]);
            var mlp = graph.Mlp($"{name}.mlp", graph.LayerNorm($"{name}.norm2", x, kind.LayerNormEps), kind.Activation);
            x = graph.Node("Add", name, [x, mlp]);
        }

        return x;
    }

    /// <summary>A tower's projection and z / (‖z‖ + ε), in fp32.</summary>
    public static void Embed(this OnnxGraphBuilder graph, string tower, string pooled, string output, double eps)
    {
        var projected = graph.ToFp32(graph.Find($"{tower}.projection.weight") is null ? pooled : graph.Linear($"{tower}.projection", pooled));
        var norm = graph.Node("ReduceL2", $"{tower}.norm", [projected, graph.Integers(1)], Attribute("keepdims", 1));
        var divisor = graph.Node("Add", $"{tower}.divisor", [norm, graph.Number("normEps", eps, DataType.Float)]);
        graph.Node("Div", output, [projected, divisor]);
    }

    /// <summary>Two products with an activation between.</summary>
    public static string Mlp(this OnnxGraphBuilder graph, string name, string x, Activation activation) =>
        graph.Linear($"{name}.fc2", Activate(graph, $"{name}.activated", graph.Linear($"{name}.fc1", x), activation));

    private static string Activate(OnnxGraphBuilder graph, string name, string x, Activation activation)
    {
        if (activation != Activation.QuickGelu)
        {
            return graph.Node("Gelu", name, [x], Attribute("approximate", activation == Activation.GeluTanh ? "tanh" : "none"));
        }

        var scaled = graph.Node("Mul", $"{name}.scaled", [x, graph.Number("quickGelu.factor", 1.702, graph.ComputeType)]);
        return graph.Node("Mul", name, [x, graph.Node("Sigmoid", $"{name}.gate", [scaled])]);
    }
}
