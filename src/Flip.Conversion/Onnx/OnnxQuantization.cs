using Flip.Models;
using static TorchSharp.torch;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>
/// The scheme of ONNX Runtime's <c>quantize_dynamic</c>, whose tool is in Python alone: a product's weight has 8 bits and a scale for each
/// output; its input is quantised as it comes, with one scale for the whole batch, so an embedding depends a little on what else is in it.
/// Looked-up tables have a scale for each row. The convolution of the patches stays in fp32, as one product with few weights.
/// </summary>
internal static class OnnxQuantization
{
    private const int Largest = 127;

    /// <summary>
    /// What stands for zero. Weights are unsigned, since older processors (AVX2) add products of signed weights and unsigned inputs in 16 bits,
    /// which overflow without an error; they are symmetric about this, as signed ones would be.
    /// </summary>
    private const int Zero = 128;

    /// <summary>Adds x W, where the weight is the model's <c>[out, in]</c>.</summary>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="name">Name of the result.</param>
    /// <param name="x"><c>[..., in]</c></param>
    /// <param name="parameter">Name of the weight.</param>
    public static void QuantizedProduct(this OnnxGraphBuilder graph, string name, string x, string parameter)
    {
        var shape = graph.Find(parameter)!.Shape;
        Tensor Weight() => graph.Find(parameter)!.Master.t(); // [in, out]
        var weight = graph.Derived($"{parameter}.quantized", DataType.Uint8, [shape[1], shape[0]], () => Quantize(Weight(), 0).Plus(Zero), parameter);
        var scales = graph.Derived($"{parameter}.scales", DataType.Float, [shape[0]], () => Scales(Weight(), 0).view(-1));
        var zero = graph.Constant("quantized.zero", DataType.Uint8, [], () => tensor(Zero));
        var input = graph.Node("DynamicQuantizeLinear", $"{name}.input", [x], [$"{name}.input.quantized", $"{name}.input.scale", $"{name}.input.zero"]);
        var sums = graph.Node("MatMulInteger", $"{name}.sums", [input[0], weight, input[2], zero]);
        var scale = graph.Node("Mul", $"{name}.scale", [input[1], scales]);
        graph.Node("Mul", name, [graph.Cast($"{name}.sums.fp32", sums, DataType.Float), scale]);
    }

    /// <summary>Adds the rows of a table <c>[rows, width]</c> that ids name.</summary>
    public static string QuantizedRows(this OnnxGraphBuilder graph, string name, string parameter, string ids)
    {
        var shape = graph.Find(parameter)!.Shape;
        Tensor Table() => graph.Find(parameter)!.Master;
        var table = graph.Derived($"{parameter}.quantized", DataType.Int8, shape, () => Quantize(Table(), 1), parameter);
        var scales = graph.Derived($"{parameter}.scales", DataType.Float, [shape[0], 1], () => Scales(Table(), 1));
        var rows = graph.Cast($"{name}.rows", graph.Node("Gather", $"{name}.quantized", [table, ids]), DataType.Float);
        return graph.Node("Mul", name, [rows, graph.Node("Gather", $"{name}.scales", [scales, ids])]);
    }

    /// <summary>Whole numbers of -127 to 127, in fp32.</summary>
    private static Tensor Quantize(Tensor values, long over) => values.div(Scales(values, over)).round();

    /// <summary>What the numbers are multiplied by, one along each line of <paramref name="over"/>.</summary>
    private static Tensor Scales(Tensor values, long over)
    {
        var largest = values.abs().amax([over], keepdim: true);
        return where(largest.eq(zeros_like(largest)), ones_like(largest), largest).Over(Largest);
    }
}
