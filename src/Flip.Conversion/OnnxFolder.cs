using System.Text.Json.Nodes;
using Flip.Conversion.Formats;
using Flip.Conversion.Onnx;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion;

/// <summary>
/// A folder that transformers.js and Optimum open as a CLIP: graphs in <c>onnx/</c>, and beside it the configuration, preprocessor, tokenizer
/// and model card. Both take from <c>model_type</c> clip which inputs there are, and run whatever the graphs compute.
/// </summary>
public static class OnnxFolder
{
    /// <summary>Folder of the graphs.</summary>
    public const string Graphs = "onnx";

    /// <summary>Writes all files; the graphs are compared with the model first.</summary>
    /// <param name="stored">The model.</param>
    /// <param name="model">Its towers.</param>
    /// <param name="folder">Where to; files of the same names are replaced.</param>
    /// <param name="precisions">Number formats of the graphs.</param>
    /// <param name="tokenizer">Its tokenizer; null writes none.</param>
    /// <param name="inputs">Images and texts to compare on.</param>
    /// <param name="scores">Numbers of its last evaluation, for the card.</param>
    /// <returns>Every output's difference.</returns>
    /// <exception cref="OnnxMismatchException">ONNX Runtime computes something else than the model; the graphs are removed.</exception>
    public static IReadOnlyList<OnnxDifference> Write(
        StoredModel stored,
        FlipModel model,
        string folder,
        IReadOnlyList<OnnxPrecision> precisions,
        ITokenizer? tokenizer,
        OnnxInputs inputs,
        IReadOnlyDictionary<string, double>? scores = null)
    {
        var config = stored.Config;
        var graphs = Path.Combine(folder, Graphs);
        OwnEntries.RequireWay(folder, Path.Combine(graphs, OnnxExporter.JointFile));
        Directory.CreateDirectory(graphs);
        var differences = OnnxExporter.Export(model, graphs, precisions, tokenizer, config.Eval.Transform, inputs, config.Eval.Interpolation);
        HuggingFaceFormat.Describe(folder, config, tokenizer, ExternalData(graphs));
        tokenizer?.Save(folder, config.Model.Text.Length);
        ModelCard.Write(folder, config, null, stored.Format, scores);
        return differences;
    }

    /// <summary>The number of files of weights beside each graph that has some.</summary>
    private static JsonObject ExternalData(string graphs) => new(
        from path in Directory.EnumerateFiles(graphs, "*.onnx").Order(StringComparer.Ordinal)
        let parts = OnnxFile.DataPaths(path).TakeWhile(File.Exists).Count()
        where parts > 0
        select KeyValuePair.Create(Path.GetFileName(path), (JsonNode?)JsonValue.Create(parts)));
}
