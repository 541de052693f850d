using Flip.Config;
using Flip.Conversion.Onnx.Schema;
using Flip.Models;
using Flip.Tokenizers;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>
/// Writes a model for ONNX runtimes, unmasked and without its reconstruction decoder: <c>vision_model.onnx</c>, <c>text_model.onnx</c>, and
/// both with their logits in <c>model.onnx</c>. Files, inputs and outputs are named as Optimum and transformers.js name CLIP's; the two batch
/// sizes are free, each its own, and ids are of any length. Weights beyond 1.8 GB are in files beside, <c>.onnx_data</c>.
/// </summary>
public static class OnnxExporter
{
    /// <summary>Images to embeddings: <c>pixel_values</c> to <c>image_embeds</c>.</summary>
    public const string ImageFile = "vision_model.onnx";

    /// <summary>
    /// Texts to embeddings: <c>input_ids</c> to <c>text_embeds</c>. A model that masks padding or averages takes <c>attention_mask</c> too,
    /// 1 for a valid token.
    /// </summary>
    public const string TextFile = "text_model.onnx";

    /// <summary>
    /// Both, with <c>logits_per_image</c> and <c>logits_per_text</c>. It always has <c>attention_mask</c>, which readers of CLIP's exports give it.
    /// </summary>
    public const string JointFile = "model.onnx";

    /// <summary>All three, the largest last.</summary>
    private static readonly string[] Files = [ImageFile, TextFile, JointFile];

    /// <summary>Scaled cosine similarities, with the bias of a sigmoid loss, <c>[images, texts]</c>.</summary>
    internal const string LogitsPerImage = "logits_per_image";

    /// <summary>The transpose of <see cref="LogitsPerImage"/>.</summary>
    internal const string LogitsPerText = "logits_per_text";

    /// <summary>
    /// The first version with Gelu. ONNX Runtime 1.31 knows versions up to 26, but runs each of ours by the same kernels, and makes the
    /// same optimised graph of it, whatever the version from 20 on; a newer one would only shut out older and smaller runtimes.
    /// </summary>
    private const int OperatorSet = 20;

    private const int IrVersion = 9; // of the same release of ONNX, 1.15

    /// <summary>The name of a file in a number format, as transformers.js asks for it.</summary>
    public static string NameOf(string file, OnnxPrecision precision)
    {
        var suffix = precision switch { OnnxPrecision.Fp16 => "_fp16", OnnxPrecision.Quantized => "_quantized", _ => string.Empty };
        return Path.GetFileNameWithoutExtension(file) + suffix + Path.GetExtension(file);
    }

    /// <summary>The names of the three files.</summary>
    internal static IEnumerable<string> NamesOf(OnnxPrecision precision) => Files.Select(file => NameOf(file, precision));

    /// <summary>Writes three files for each number format and compares them with the model, see <see cref="OnnxCheck"/>.</summary>
    /// <param name="model">The model; its fp32 master weights are written, whatever it computes in.</param>
    /// <param name="folder">Where; created if need be.</param>
    /// <param name="precisions">Number formats of weights and towers.</param>
    /// <param name="tokenizer">For the metadata, and how rows are filled; without one as <see cref="OnnxTextRows.Of"/> says.</param>
    /// <param name="transform">How images become squares, for the metadata.</param>
    /// <param name="inputs">Images and texts to compare on; null for noise and drawn ids.</param>
    /// <param name="interpolation">Kernel of the transform, for the metadata.</param>
    /// <returns>Every output's difference.</returns>
    /// <exception cref="ConfigException">A weight is beyond float16.</exception>
    /// <exception cref="OnnxMismatchException">ONNX Runtime computes something else than the model; the files are removed.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static IReadOnlyList<OnnxDifference> Export(
        FlipModel model,
        string folder,
        IReadOnlyList<OnnxPrecision> precisions,
        ITokenizer? tokenizer = null,
        EvalTransform? transform = null,
        OnnxInputs? inputs = null,
        Interpolation interpolation = Interpolation.Bicubic)
    {
        try
        {
            foreach (var precision in precisions)
            {
                Write(model, folder, precision, tokenizer, transform, interpolation);
            }

            return OnnxCheck.Require(model, folder, inputs ?? OnnxInputs.Draw(model.Config, tokenizer), precisions);
        }
        catch (Exception e) when (e is OnnxMismatchException or ConfigException)
        {
            foreach (var path in precisions.SelectMany(NamesOf).Select(file => Path.Combine(folder, file)))
            {
                File.Delete(path);
                OnnxFile.DeleteData(path);
            }

            throw;
        }
    }

    /// <summary>Writes the three files.</summary>
    internal static void Write(
        FlipModel model, string folder, OnnxPrecision precision, ITokenizer? tokenizer = null, EvalTransform? transform = null,
        Interpolation interpolation = Interpolation.Bicubic, long inlineLimit = OnnxFile.DefaultInlineLimit)
    {
        var header = Header();
        header.MetadataProps.AddRange(OnnxMetadata.Of(model, precision, tokenizer, transform, interpolation));

        void WriteFile(string file, params Action<OnnxGraphBuilder>[] parts)
        {
            var graph = new OnnxGraphBuilder(Path.GetFileNameWithoutExtension(file), model.Parameters, precision);
            Array.ForEach(parts, add => add(graph));
            if (file == JointFile)
            {
                RequireAllExported(model, graph);
            }

            OnnxFile.Write(Path.Combine(folder, NameOf(file, precision)), header, graph.Graph, graph.Weights, inlineLimit);
        }

        var rows = OnnxTextRows.Of(model.Config.Text, tokenizer);
        void Images(OnnxGraphBuilder graph) => OnnxImageTower.Add(graph, model.Config);
        void Texts(OnnxGraphBuilder graph) => OnnxTextTower.Add(graph, model.Config, rows, alwaysMask: false);
        void TextsWithMask(OnnxGraphBuilder graph) => OnnxTextTower.Add(graph, model.Config, rows, alwaysMask: true);
        WriteFile(ImageFile, Images);
        WriteFile(TextFile, Texts);
        WriteFile(JointFile, Images, TextsWithMask, graph => AddLogits(graph, model));
    }

    /// <summary>Writes the image tower alone, in fp32 and without what a person would want to know of it.</summary>
    internal static void WriteImages(FlipModel model, string path)
    {
        var graph = new OnnxGraphBuilder(Path.GetFileNameWithoutExtension(path), model.Parameters, OnnxPrecision.Fp32);
        OnnxImageTower.Add(graph, model.Config);
        OnnxFile.Write(path, Header(), graph.Graph, graph.Weights, OnnxFile.DefaultInlineLimit);
    }

    private static ModelProto Header()
    {
        var header = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "Flip",
            ProducerVersion = typeof(OnnxExporter).Assembly.GetName().Version!.ToString(3),
        };
        header.OpsetImport.Add(new OperatorSetIdProto { Version = OperatorSet });
        return header;
    }

    private static void AddLogits(OnnxGraphBuilder graph, FlipModel model)
    {
        var texts = graph.Node("Transpose", "text_embeds.transposed", [OnnxTextTower.Output], Attribute("perm", 1, 0));
        var cosines = graph.Node("MatMul", "cosines", [OnnxImageTower.Output, texts]);
        var factor = graph.Derived("logit_scale", DataType.Float, [1], model.LogitFactor, model.LogitScale.Name);
        if (model.LogitBias is { } bias)
        {
            var added = graph.Derived("logit_bias", DataType.Float, [1], () => bias.Master, bias.Name);
            graph.Node("Add", LogitsPerImage, [graph.Node("Mul", "cosines.scaled", [cosines, factor]), added]);
        }
        else
        {
            graph.Node("Mul", LogitsPerImage, [cosines, factor]);
        }

        graph.Node("Transpose", LogitsPerText, [LogitsPerImage], Attribute("perm", 1, 0));
        var (ofImages, ofTexts) = (Size(OnnxImageTower.Batch), Size(OnnxTextTower.Batch));
        graph.Output(LogitsPerImage, "Scaled cosine similarities", ofImages, ofTexts);
        graph.Output(LogitsPerText, "Their transpose", ofTexts, ofImages);
    }

    /// <summary>A layer that is added to the model and forgotten here must not go unnoticed.</summary>
    private static void RequireAllExported(FlipModel model, OnnxGraphBuilder graph)
    {
        var missing = model.Parameters.All.Select(parameter => parameter.Name)
            .Where(name => !graph.Exported.Contains(name) && !name.StartsWith(ReconstructionDecoder.Prefix, StringComparison.Ordinal))
            .ToList();
        if (missing.Count > 0)
        {
            throw new InvalidOperationException("The export leaves out " + string.Join(", ", missing));
        }
    }
}
