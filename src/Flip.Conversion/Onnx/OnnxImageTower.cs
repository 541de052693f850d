using Flip.Config;
using Flip.Models;
using static Flip.Conversion.Onnx.OnnxGraphBuilder;
using static TorchSharp.torch;
using DataType = Flip.Conversion.Onnx.Schema.TensorProto.Types.DataType;

namespace Flip.Conversion.Onnx;

/// <summary>The unmasked image tower as nodes.</summary>
internal static class OnnxImageTower
{
    public const string Input = "pixel_values";
    public const string Output = "image_embeds";
    public const string Batch = "image_batch";

    /// <summary>Adds input, tower and output.</summary>
    public static void Add(OnnxGraphBuilder graph, ModelConfig model)
    {
        var config = model.Image;
        var pixels = graph.Input(
            Input, "RGB / 255, less image_mean, over image_std; channels first", DataType.Float,
            Size(Batch), Size(3), Size(config.ImageSize), Size(config.ImageSize));
        var (x, kind) = (Tokens(graph, config, graph.ToCompute(pixels)), model.ImageBlocks());
        if (config.PreNorm)
        {
            x = graph.LayerNorm("image.preNorm", x, kind.LayerNormEps);
        }

        var attention = new OnnxAttention(config.PatchCount() + config.ClassTokens(), config.Width, config.Heads);
        x = graph.Blocks("image", x, config.Depth, attention, kind);
        graph.Embed("image", Pool(graph, config, x, kind), Output, model.NormEps);
        graph.Output(Output, "Embeddings of norm 1", Size(Batch), Size(model.EmbedDim));
    }

    /// <summary>Projected patches with their positions, behind a class token if there is one: <c>[batch, tokens, width]</c>.</summary>
    private static string Tokens(OnnxGraphBuilder graph, ImageConfig config, string pixels)
    {
        var (patch, width) = (config.PatchSize, config.Width);
        var kernel = graph.Weight( // its rows run over row, column, channel
            "image.patchEmbedding.weight", stored => stored.view(width, patch, patch, 3).permute(0, 3, 1, 2));
        var grid = graph.Node(
            "Conv",
            "image.patchEmbedding",
            config.PatchBias ? [pixels, kernel, graph.Weight("image.patchEmbedding.bias")] : [pixels, kernel],
            Attribute("kernel_shape", patch, patch),
            Attribute("strides", patch, patch)); // [batch, width, grid, grid]
        var rows = graph.Node("Reshape", "image.patchEmbedding.rows", [grid, graph.Integers(0, width, config.PatchCount())]);
        var x = graph.Node("Transpose", "image.patches", [rows], Attribute("perm", 0, 2, 1));
        if (config.ClassToken != ClassToken.None)
        {
            // A row of zeros in front, onto which the table adds the class token: no shape has to be computed.
            x = graph.Node("Pad", "image.patches.padded", [x, graph.Integers(0, 1, 0, 0, 0, 0)]);
        }

        return graph.Node("Add", "image.tokens", [x, Table(graph, config)]);
    }

    /// <summary>What is added to each token: its position, for the class token its value too, <c>[tokens, width]</c>.</summary>
    private static string Table(OnnxGraphBuilder graph, ImageConfig config)
    {
        var token = graph.Find("image.classToken");
        var positions = graph.Find("image.positions");
        Tensor Read()
        {
            var table = positions?.Master.cpu() ?? SinCos(config);
            if (token is null)
            {
                return table;
            }

            var first = token.Master.cpu().unsqueeze(0);
            return config.ClassToken == ClassToken.WithPosition && positions is not null
                ? cat([table.narrow(0, 0, 1).Plus(first), table.narrow(0, 1, config.PatchCount())], 0)
                : cat([first, table], 0);
        }

        var names = new[] { token, positions }.OfType<Parameter>().Select(parameter => parameter.Name);
        var rows = config.PatchCount() + (token is null ? 0 : 1);
        return graph.Derived("image.positionTable", graph.ComputeType, [rows, config.Width], Read, names);
    }

    private static Tensor SinCos(ImageConfig config)
    {
        var grid = config.GridSize();
        return tensor(PositionEmbedding.SinCos(grid, config.Width, config.PositionGrid > 0 ? config.PositionGrid : grid))
            .view(grid * grid, config.Width);
    }

    /// <summary>One normalised feature of an image's tokens, <c>[batch, width]</c>.</summary>
    private static string Pool(OnnxGraphBuilder graph, ImageConfig config, string x, BlockKind kind)
    {
        var eps = kind.LayerNormEps;
        if (config.Pooling == ImagePooling.ClassToken)
        {
            // The norm of one token: before or after pooling is the same.
            var token = graph.Node("Gather", "image.classToken.output", [x, graph.Integer(0)], Attribute("axis", 1));
            return config.FinalNorm == FinalNorm.None ? token : graph.LayerNorm("image.finalNorm", token, eps);
        }

        if (config.FinalNorm == FinalNorm.BeforePooling)
        {
            x = graph.LayerNorm("image.finalNorm", x, eps);
        }

        if (config.Pooling == ImagePooling.PatchMean)
        {
            var tokens = config.PatchCount() + config.ClassTokens();
            x = graph.Node("Slice", "image.patches.output", [x, graph.Integers(config.ClassTokens()), graph.Integers(tokens), graph.Integers(1)]);
        }

        if (config.Pooling == ImagePooling.Attention)
        {
            return OnnxAttentionPooling.Add(graph, config, kind, x);
        }

        // A sum over hundreds of tokens could leave float16.
        var mean = graph.Node("ReduceMean", "image.pooled", [graph.ToFp32(x), graph.Integers(1)], Attribute("keepdims", 0));
        return config.FinalNorm == FinalNorm.AfterPooling ? graph.LayerNorm("image.finalNorm", graph.ToCompute(mean), eps) : graph.ToCompute(mean);
    }
}
