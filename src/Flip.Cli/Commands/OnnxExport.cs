using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Data.Scenes;
using Flip.Devices;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Cli.Commands;

/// <summary>An ONNX export that is checked on images and captions of the user, or on drawn scenes.</summary>
internal static class OnnxExport
{
    private const int ImagesToCheck = 8;
    private const int ScenePixels = 256;

    /// <summary>Writes the graphs, checked, and what other libraries need beside them.</summary>
    /// <param name="stored">The model.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="precisions">Number formats of weights and towers.</param>
    /// <param name="tokenizer">Its tokenizer; null if it has none.</param>
    /// <param name="images">Images to check on; null draws scenes.</param>
    /// <param name="scores">Numbers of its last evaluation, for the card.</param>
    public static IReadOnlyList<OnnxDifference> Write(
        StoredModel stored,
        string folder,
        IReadOnlyList<OnnxPrecision> precisions,
        ITokenizer? tokenizer,
        string? images,
        IReadOnlyDictionary<string, double>? scores)
    {
        var config = stored.Config;
        Compute.UseThreads(config.Train);
        using var model = stored.LoadModel(config);
        var transform = EvaluationTransform.Of(config);
        var pixels = images is null ? Scenes(transform) : Pictures(images, transform, config.Data.Workers);
        var inputs = Inputs(config.Model, pixels, tokenizer);
        return OnnxFolder.Write(stored, model, folder, precisions, tokenizer, inputs, scores);
    }

    /// <summary>The images with captions of scenes; with drawn ids where no tokenizer turns a caption into ids.</summary>
    private static OnnxInputs Inputs(ModelConfig model, byte[] pixels, ITokenizer? tokenizer)
    {
        if (tokenizer is null)
        {
            var drawn = OnnxInputs.Draw(model, tokenizer: null);
            return new OnnxInputs(model, pixels, drawn.Tokens, drawn.Lengths);
        }

        var captions = Enumerable.Range(0, ImagesToCheck).Select(index =>
        {
            var sampler = new SceneSampler(0, SceneSplit.Train);
            var wording = sampler.Wording(index);
            return SceneCaptions.Write(sampler.Sample(index), ref wording)[0];
        }).ToList();
        var length = model.Text.Length;
        var tokens = new int[captions.Count * length];
        var lengths = captions.Select((caption, i) => tokenizer.EncodeRow(caption, tokens.AsSpan(i * length, length))).ToArray();
        return new OnnxInputs(model, pixels, tokens, lengths);
    }

    private static byte[] Scenes(EvaluationTransform transform)
    {
        var (sampler, renderer) = (new SceneSampler(0, SceneSplit.Train), new SceneRenderer(ScenePixels));
        var bytes = transform.Size * transform.Size * 3;
        var pixels = new byte[ImagesToCheck * bytes];
        for (var i = 0; i < ImagesToCheck; i++)
        {
            transform.Apply(renderer.Render(sampler.Sample(i)), pixels.AsSpan(i * bytes, bytes));
        }

        return pixels;
    }

    /// <summary>The user's pictures, from anywhere: they are compared and not shown.</summary>
    private static byte[] Pictures(string source, EvaluationTransform transform, int workers) =>
        new ImageLoader(ImageSources.Open(source, new SourceOptions { AllowOutside = true }), transform, workers).Read(ImagesToCheck).First().Present.ToArray();
}
