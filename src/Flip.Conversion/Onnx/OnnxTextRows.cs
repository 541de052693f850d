using Flip.Config;
using Flip.Tokenizers;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using static TorchSharp.torch;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Brings ids of any length to the rows that our tokenizers fill. Other libraries pad to the longest text of a batch, CLIP's rows with the end
/// marker, and transformers.js cuts the marker off a text that is too long; a text tower that is not causal reads all of that.
/// </summary>
/// <param name="Config">Length of a row, and what the tower sees of it.</param>
/// <param name="PaddingId">Fills the rows that the model was trained on.</param>
/// <param name="EndOfTextId">Ends every text; null where the tokenizer has no such marker.</param>
internal sealed record OnnxTextRows(TextConfig Config, int PaddingId, int? EndOfTextId)
{
    private const string Name = "text.ids";

    /// <summary>
    /// The rows of a tokenizer. Without one padding is 0, and where the feature is read at the end of the text this is the largest id, as in
    /// CLIP's own code.
    /// </summary>
    public static OnnxTextRows Of(TextConfig config, ITokenizer? tokenizer) => new(
        config,
        tokenizer?.PaddingId ?? 0,
        tokenizer?.EndOfTextId ?? config.EosTokenId ?? (config.Pooling == TextPooling.EndOfText ? config.VocabularySize - 1 : null));

    /// <summary>Adds what makes rows <c>[batch, length]</c> of ids <c>[batch, any]</c>.</summary>
    public string Ids(OnnxGraphBuilder graph, string ids)
    {
        if (EndOfTextId is not { } end)
        {
            return Fitted(graph, Name, ids, Config.Length, PaddingId);
        }

        // The last place is the marker's, as in our rows of texts that are too long; so are all places behind a text for now.
        var marked = Fitted(graph, $"{Name}.marked", ids, Config.Length - 1, end);
        var seesPadding = !(Config.Causal && Config.Pooling == TextPooling.EndOfText);
        return seesPadding ? Padded(graph, marked, end) : marked;
    }

    /// <summary>The mask of the same rows.</summary>
    public string Mask(OnnxGraphBuilder graph, string mask) => Fitted(graph, "text.mask", mask, Config.Length, 0);

    /// <summary>The first ids of a row, and a number in all places behind: as many as a row has are added, and it is cut.</summary>
    private string Fitted(OnnxGraphBuilder graph, string name, string rows, int kept, int fill)
    {
        string Cut(string cutName, string value, int length) =>
            graph.Node("Slice", cutName, [value, graph.Integers(0), graph.Integers(length), graph.Integers(1)]);

        var first = kept < Config.Length ? Cut($"{name}.first", rows, kept) : rows;
        var filled = graph.Node("Pad", $"{name}.filled", [first, graph.Integers(0, 0, 0, Config.Length), graph.Integer(fill)]);
        return graph.Node("Reshape", name, [Cut($"{name}.cut", filled, Config.Length), graph.Integers(0, Config.Length)]); // its size is known from here
    }

    /// <summary>Padding behind a text's last marker. A marker in the middle of a text stays.</summary>
    private string Padded(OnnxGraphBuilder graph, string marked, int end)
    {
        var places = graph.Constant($"{Name}.places", DataType.Int64, [Config.Length], () => arange(Config.Length, int64));
        var ordinals = graph.Constant($"{Name}.ordinals", DataType.Int64, [Config.Length], () => arange(1, Config.Length + 1, int64));
        var padding = graph.Integer(PaddingId);
        var isEnd = graph.Node("Equal", $"{Name}.isEnd", [marked, graph.Integer(end)]);
        var isNoText = graph.Node("Or", $"{Name}.isNoText", [isEnd, graph.Node("Equal", $"{Name}.isPadding", [marked, padding])]);
        var firstEnd = graph.Node(
            "ArgMax", $"{Name}.firstEnd", [graph.Cast($"{Name}.isEnd.fp32", isEnd, DataType.Float)], Attribute("axis", 1), Attribute("keepdims", 1));
        var ofText = graph.Node("Where", $"{Name}.ofText", [isNoText, graph.Integer(0), ordinals]);
        var behindText = graph.Node("ReduceMax", $"{Name}.behindText", [ofText, graph.Integers(1)], Attribute("keepdims", 1));
        var last = graph.Node("Max", $"{Name}.last", [firstEnd, behindText]); // [batch, 1]
        var isKept = graph.Node("LessOrEqual", $"{Name}.isKept", [places, last]);
        return graph.Node("Where", Name, [isKept, marked, padding]);
    }
}
