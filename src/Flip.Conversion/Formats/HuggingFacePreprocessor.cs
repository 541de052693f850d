using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Models;
using Flip.Storage;

namespace Flip.Conversion.Formats;

/// <summary>The <c>preprocessor_config.json</c> of a Hugging Face folder: how images become pixels.</summary>
internal static class HuggingFacePreprocessor
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "preprocessor_config.json";

    private const int Lanczos = 1; // numbers of Pillow
    private const int Bilinear = 2;
    private const int Bicubic = 3;

    /// <summary>Writes the file.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="config">How the model's evaluation makes pixels of images.</param>
    /// <param name="forTransformersJs">The folder holds ONNX graphs, which transformers.js opens.</param>
    public static void Write(string folder, FlipConfig config, bool forTransformersJs)
    {
        var filter = forTransformersJs ? FilterOfTransformersJs(config.Eval.Transform) : FilterOf(config.Eval);
        var (mean, deviation) = PixelStatistics.Of(config.Model.Image.Normalization);
        var size = config.Model.Image.ImageSize;
        var squash = config.Eval.Transform == EvalTransform.Squash;
        JsonFile.Write(Path.Combine(folder, FileName), new JsonObject
        {
            ["image_processor_type"] = squash && !forTransformersJs && HuggingFaceFormat.IsSiglip(config) ? "SiglipImageProcessor" : "CLIPImageProcessor",
            ["do_convert_rgb"] = true,
            ["do_resize"] = true,
            ["size"] = squash ? new JsonObject { ["height"] = size, ["width"] = size } : new JsonObject { ["shortest_edge"] = size },
            ["resample"] = filter,
            ["do_center_crop"] = !squash,
            ["crop_size"] = new JsonObject { ["height"] = size, ["width"] = size },
            ["do_rescale"] = true,
            ["rescale_factor"] = 1 / 255.0,
            ["do_normalize"] = true,
            ["image_mean"] = JsonFile.Array(mean),
            ["image_std"] = JsonFile.Array(deviation),
        });
    }

    /// <summary>What the file of a folder says, and what of it Flip does otherwise.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="imageSize">Height and width that the model takes, pixels.</param>
    /// <param name="siglip">What the file leaves out is as in SigLIP's, not as in CLIP's.</param>
    /// <exception cref="CheckpointFormatException">The file is damaged, or normalises in a way that Flip does not have.</exception>
    public static (PixelNormalization Normalization, EvalConfig Eval, IReadOnlyList<Assumption> Notes) Read(string folder, int imageSize, bool siglip)
    {
        var eval = ClipDefaults.Config(ClipDefaults.Model).Eval with { Transform = siglip ? EvalTransform.Squash : EvalTransform.Clip };
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return (
                siglip ? PixelNormalization.Half : PixelNormalization.Clip,
                eval,
                [new($"There is no {FileName}: pixels are normalised with {(siglip ? "SigLIP" : "CLIP")}'s mean and deviation.", "model.image.normalization")]);
        }

        var processor = JsonFile.Read<ClipPreprocessor>(path);
        var notes = new List<Assumption>();
        if (processor.Resample is not (null or Bicubic or Bilinear))
        {
            notes.Add(new($"The preprocessor resizes with filter {processor.Resample}; Flip resizes bicubically.", "eval.interpolation"));
        }

        var squash = processor is { DoResize: not false, Size: var size }
            && (size is JsonObject sides ? sides["height"] is not null && sides["width"] is not null : siglip && size is null);
        eval = eval with
        {
            Transform = squash ? EvalTransform.Squash : EvalTransform.Clip,
            Interpolation = processor.Resample == Bilinear ? Interpolation.Bilinear : Interpolation.Bicubic,
        };
        if (!squash && (processor.DoCenterCrop == false || processor.DoResize == false))
        {
            notes.Add(new($"The preprocessor does not resize and crop; Flip gives the model {imageSize}×{imageSize} by CLIP's rule.", "eval.transform"));
        }

        return (
            siglip && processor is { ImageMean: null, ImageStd: null }
                ? PixelNormalization.Half
                : ClipDefaults.Normalization(path, processor.ImageMean, processor.ImageStd),
            eval,
            notes);
    }

    private static int FilterOf(EvalConfig eval) => eval.Interpolation == Interpolation.Bilinear ? Bilinear : Bicubic;

    /// <summary>
    /// transformers.js antialiases with Lanczos alone. Of photos shrunk by 3.5, embeddings are within 0.0003 of ours in cosine with it and off by 0.04
    /// without; where our own transform does not antialias, as TensorFlow's, it is the other way round.
    /// </summary>
    private static int FilterOfTransformersJs(EvalTransform transform) => transform == EvalTransform.FlipTensorFlow ? Bicubic : Lanczos;

    private sealed record ClipPreprocessor
    {
        public IReadOnlyList<double>? ImageMean { get; init; }

        public IReadOnlyList<double>? ImageStd { get; init; }

        public int? Resample { get; init; }

        public bool? DoResize { get; init; }

        public bool? DoCenterCrop { get; init; }

        public JsonNode? Size { get; init; } // a number in old files
    }
}
