using Flip.Config;
using Flip.Models;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using static TorchSharp.torch;

namespace Flip.Conversion.Onnx;

/// <summary>Attention pooling of an image's tokens as nodes: the one query depends on weights alone and is a constant of the graph.</summary>
internal static class OnnxAttentionPooling
{
    private const string Name = "image.pooling";

    /// <summary>Adds the nodes.</summary>
    /// <param name="graph">Receives them.</param>
    /// <param name="config">Sizes of the image tower.</param>
    /// <param name="kind">What its blocks are made of.</param>
    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <returns><c>[batch, width]</c></returns>
    public static string Add(OnnxGraphBuilder graph, ImageConfig config, BlockKind kind, string x)
    {
        var (tokens, width, heads) = (config.PatchCount() + config.ClassTokens(), config.Width, config.Heads);
        var headDim = width / heads;
        string Heads(string part, params long[] order)
        {
            var cut = graph.Node("Reshape", $"{part}.cut", [part, graph.Integers(0, tokens, heads, headDim)]);
            return graph.Node("Transpose", $"{part}.heads", [cut], Attribute("perm", order));
        }

        // The query's third of the product is not used: one weight serves every number format.
        const string attention = $"{Name}.attention";
        var parts = graph.Split($"{attention}.split", graph.Linear($"{attention}.qkv", x), $"{attention}.unused", $"{attention}.key", $"{attention}.value");
        var (key, value) = (Heads(parts[1], 0, 2, 3, 1), Heads(parts[2], 0, 2, 1, 3));
        var scores = graph.Node("MatMul", $"{attention}.scores", [Query(graph, heads, headDim), key]); // [batch, heads, 1, tokens]
        var weights = graph.Node("Softmax", $"{attention}.weights", [scores], Attribute("axis", -1));
        var attended = graph.Node("MatMul", $"{attention}.attended", [weights, value]); // [batch, heads, 1, headDim]
        var pooled = graph.Linear($"{attention}.out", graph.Node("Reshape", $"{attention}.joined", [attended, graph.Integers(0, width)]));
        var mlp = graph.Mlp($"{Name}.mlp", graph.LayerNorm($"{Name}.norm", pooled, kind.LayerNormEps), kind.Activation);
        return graph.Node("Add", Name, [pooled, mlp]);
    }

    /// <summary>The query, scaled: <c>[1, heads, 1, headDim]</c>.</summary>
    private static string Query(OnnxGraphBuilder graph, int heads, int headDim)
    {
        var (latent, weight, bias) = (
            graph.Find($"{Name}.latent")!, graph.Find($"{Name}.attention.qkv.weight")!, graph.Find($"{Name}.attention.qkv.bias")!);
        var width = heads * headDim;
        Tensor Read()
        {
            var query = nn.functional.linear(latent.Master.cpu(), weight.Master.cpu().narrow(0, 0, width), bias.Master.cpu().narrow(0, 0, width));
            return query.Over(Math.Sqrt(headDim)).view(1, heads, 1, headDim);
        }

        return graph.Derived($"{Name}.query", graph.ComputeType, [1, heads, 1, headDim], Read, latent.Name);
    }
}
