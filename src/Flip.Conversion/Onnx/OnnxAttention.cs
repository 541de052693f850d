using static Flip.Conversion.Onnx.OnnxGraphBuilder;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Multi-head self-attention as plain products. ONNX has an Attention operator since opset 23; ONNX Runtime's processor kernel for it was
/// no faster, and a model with it could be read by few other runtimes.
/// </summary>
/// <param name="Tokens">Tokens in a row.</param>
/// <param name="Width">Width of a token.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Mask">What is added to the scores, -∞ where a query may not look: <c>[batch or 1, 1, tokens or 1, tokens]</c>.</param>
internal sealed record OnnxAttention(int Tokens, int Width, int Heads, string? Mask = null)
{
    private int HeadDim => Width / Heads;

    /// <summary>Adds the nodes of one layer.</summary>
    /// <param name="graph">Receives them.</param>
    /// <param name="name">The layer's name in the model.</param>
    /// <param name="x"><c>[batch, tokens, width]</c></param>
    public string Add(OnnxGraphBuilder graph, string name, string x)
    {
        var parts = graph.Split($"{name}.split", graph.Linear($"{name}.qkv", x), $"{name}.query", $"{name}.key", $"{name}.value");
        var query = CutHeads(graph, parts[0], 0, 2, 1, 3); // [batch, heads, tokens, headDim]
        var key = CutHeads(graph, parts[1], 0, 2, 3, 1); // transposed already: [batch, heads, headDim, tokens]
        var value = CutHeads(graph, parts[2], 0, 2, 1, 3);

        // The query is scaled, not the scores: in float16 they could leave the range before.
        var scale = graph.Number($"attention.scale.{HeadDim}", 1 / Math.Sqrt(HeadDim), graph.ComputeType);
        var scores = graph.Node("MatMul", $"{name}.scores", [graph.Node("Mul", $"{name}.query.scaled", [query, scale]), key]);
        var seen = Mask is null ? scores : graph.Node("Add", $"{name}.scores.masked", [scores, Mask]);
        var weights = graph.Node("Softmax", $"{name}.weights", [seen], Attribute("axis", -1));
        var attended = graph.Node("MatMul", $"{name}.attended", [weights, value]);
        var tokensFirst = graph.Node("Transpose", $"{name}.attended.tokens", [attended], Attribute("perm", 0, 2, 1, 3));
        var joined = graph.Node("Reshape", $"{name}.attended.joined", [tokensFirst, graph.Integers(0, Tokens, Width)]);
        return graph.Linear($"{name}.out", joined);
    }

    private string CutHeads(OnnxGraphBuilder graph, string part, params long[] order)
    {
        var cut = graph.Node("Reshape", $"{part}.cut", [part, graph.Integers(0, Tokens, Heads, HeadDim)]); // 0 keeps the batch
        return graph.Node("Transpose", $"{part}.heads", [cut], Attribute("perm", order));
    }
}
