using Flip.Config;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using static TorchSharp.torch;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>The unmasked text tower as nodes.</summary>
internal static class OnnxTextTower
{
    public const string Input = "input_ids";
    public const string MaskInput = "attention_mask";
    public const string Output = "text_embeds";
    public const string Batch = "text_batch";
    public const string Tokens = "text_tokens";

    /// <summary>Whether an export needs to be told which tokens are valid; the end-of-text token it finds by itself.</summary>
    public static bool TakesMask(TextConfig config) => !config.AttendPadding || config.Pooling == TextPooling.Mean;

    /// <summary>Adds inputs, tower and output.</summary>
    /// <param name="graph">Receives the nodes.</param>
    /// <param name="model">Sizes and variants.</param>
    /// <param name="rows">How rows of ids are filled.</param>
    /// <param name="alwaysMask">Declares the mask, whether or not the tower reads it.</param>
    public static void Add(OnnxGraphBuilder graph, ModelConfig model, OnnxTextRows rows, bool alwaysMask)
    {
        var (config, kind) = (model.Text, model.TextBlocks());
        var ids = rows.Ids(graph, graph.Input(Input, "Token ids, of any length", DataType.Int64, Size(Batch), Size(Tokens)));
        var takesMask = TakesMask(config);
        if (takesMask || alwaysMask)
        {
            graph.Input(MaskInput, "1 for a valid token, 0 for padding", DataType.Int64, Size(Batch), Size(Tokens));
        }

        var visible = takesMask ? Visible(graph, config.Length, rows.Mask(graph, MaskInput)) : null;
        var embedded = graph.IsQuantized
            ? graph.QuantizedRows("text.embedded", "text.tokenEmbedding", ids)
            : graph.Node("Gather", "text.embedded", [graph.Weight("text.tokenEmbedding"), ids]);
        var x = graph.Node("Add", "text.tokens", [embedded, graph.Weight("text.positions")]); // [batch, length, width]
        var attention = new OnnxAttention(config.Length, config.Width, config.Heads, Mask(graph, config, visible));
        x = graph.Blocks("text", x, config.Depth, attention, kind);
        var pooled = config.Pooling == TextPooling.Mean
            ? Mean(graph, graph.LayerNorm("text.finalNorm", x, kind.LayerNormEps), visible!)
            : graph.LayerNorm("text.finalNorm", PickToken(graph, config, x, ids, rows.EndOfTextId), kind.LayerNormEps);
        graph.Embed("text", pooled, Output, model.NormEps);
        graph.Output(Output, "Embeddings of norm 1", Size(Batch), Size(model.EmbedDim));
    }

    /// <summary>Valid tokens, and the first position: an empty caption must not leave a softmax, or a mean, over nothing. <c>[batch, length]</c></summary>
    private static string Visible(OnnxGraphBuilder graph, int length, string valid)
    {
        var first = graph.Constant("text.firstPosition", DataType.Bool, [1, length], () => FirstPosition(length));
        return graph.Node("Or", "text.visible", [graph.Cast("text.valid", valid, DataType.Bool), first]);
    }

    /// <summary>What is added to the scores of attention; null where every token may look everywhere.</summary>
    private static string? Mask(OnnxGraphBuilder graph, TextConfig config, string? visible)
    {
        var length = config.Length;
        var causal = config.Causal ? graph.Constant("text.causal", graph.ComputeType, [length, length], () => CausalMask(length)) : null;
        if (config.AttendPadding)
        {
            return causal;
        }

        var ofKeys = graph.Node("Unsqueeze", "text.visible.keys", [visible!, graph.Integers(1, 2)]); // [batch, 1, 1, length]
        var nothing = graph.Number("mask.visible", 0, graph.ComputeType);
        var infinity = graph.Number("mask.hidden", double.NegativeInfinity, graph.ComputeType);
        var padding = graph.Node("Where", "text.padding", [ofKeys, nothing, infinity]);
        return causal is null ? padding : graph.Node("Add", "text.padding.causal", [padding, causal]);
    }

    private static Tensor CausalMask(int length)
    {
        var mask = new float[length, length];
        for (var query = 0; query < length; query++)
        {
            for (var key = query + 1; key < length; key++)
            {
                mask[query, key] = float.NegativeInfinity;
            }
        }

        return tensor(mask);
    }

    private static Tensor FirstPosition(int length)
    {
        var first = new bool[1, length];
        first[0, 0] = true;
        return tensor(first);
    }

    /// <summary>The output that the feature is read from, <c>[batch, width]</c>.</summary>
    private static string PickToken(OnnxGraphBuilder graph, TextConfig config, string x, string ids, int? endOfTextId)
    {
        if (config.Pooling is TextPooling.FirstToken or TextPooling.LastToken)
        {
            var place = config.Pooling == TextPooling.FirstToken ? 0 : config.Length - 1;
            return graph.Node("Gather", "text.pooledToken", [x, graph.Integer(place)], Attribute("axis", 1));
        }

        // An id is exact in fp32, and ArgMax takes the first of equals; [batch, 1]
        var end = config.EosTokenId ?? endOfTextId;
        var sought = config.EndOfText == EndOfTextRule.Argmax ? ids : graph.Node("Equal", "text.isEnd", [ids, graph.Integer(end!.Value)]);
        var position = graph.Node(
            "ArgMax", "text.end", [graph.Cast("text.isEnd.fp32", sought, DataType.Float)], Attribute("axis", 1), Attribute("keepdims", 1));
        return graph.Node("GatherND", "text.endToken", [x, position], Attribute("batch_dims", 1));
    }

    /// <summary>The mean over visible tokens, in fp32: <c>[batch, width]</c>.</summary>
    private static string Mean(OnnxGraphBuilder graph, string tokens, string visible)
    {
        var weights = graph.Node("Unsqueeze", "text.weights", [graph.Cast("text.weights.row", visible, DataType.Float), graph.Integers(2)]);
        var weighted = graph.Node("Mul", "text.weighted", [graph.ToFp32(tokens), weights]);
        var sum = graph.Node("ReduceSum", "text.sum", [weighted, graph.Integers(1)], Attribute("keepdims", 0));
        var count = graph.Node("ReduceSum", "text.count", [weights, graph.Integers(1)], Attribute("keepdims", 0));
        return graph.ToCompute(graph.Node("Div", "text.pooled", [sum, count]));
    }
}
