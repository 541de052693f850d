using System.Globalization;
using Flip.Config;
using Flip.Conversion.Onnx.Schema;
using Flip.Models;
using Flip.Tokenizers;
using static TorchSharp.torch;

namespace Flip.Conversion.Onnx;

/// <summary>What a user of an exported model has to know, in the file's <c>metadata_props</c>; lists as JSON.</summary>
internal static class OnnxMetadata
{
    public const string Mean = "image_mean";
    public const string Deviation = "image_std";

    /// <summary>The entries of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="precision">Number format of the export.</param>
    /// <param name="tokenizer">Null leaves its facts out.</param>
    /// <param name="transform">Null leaves it out.</param>
    /// <param name="interpolation">The transform's kernel.</param>
    public static IEnumerable<StringStringEntryProto> Of(
        FlipModel model, OnnxPrecision precision, ITokenizer? tokenizer, EvalTransform? transform, Interpolation interpolation)
    {
        var config = model.Config;
        var kernel = interpolation == Interpolation.Bicubic ? "bicubic with antialias" : "bilinear with antialias";
        var (mean, deviation) = PixelStatistics.Of(config.Image.Normalization);
        var entries = new List<(string Key, string? Value)>
        {
            ("image_size", Text(config.Image.ImageSize)),
            (Mean, List(mean)),
            (Deviation, List(deviation)),
            ("image_transform", transform switch
            {
                null => null,
                EvalTransform.Flip or EvalTransform.FlipTensorFlow => $"flip: central square of the whole short side, resized to image_size, {kernel}",
                EvalTransform.Squash => $"squash: the whole image, its sides out of proportion, resized to image_size, {kernel}",
                _ => $"clip: short side resized to image_size, {kernel}, then the central square",
            }),
            ("context_length", Text(config.Text.Length)),
            ("vocabulary_size", Text(config.Text.VocabularySize)),
            ("tokenizer", tokenizer switch
            {
                null => null,
                WordPieceTokenizer wordPiece => wordPiece.Variant == WordPieceVariant.Bert ? "wordPiece" : "wordPiece (TensorFlow Text)",
                ClipBpeTokenizer => "clipBpe",
                SentencePieceTokenizer => "sentencePiece",
                _ => tokenizer.GetType().Name,
            }),
            ("padding_id", tokenizer is null ? null : Text(tokenizer.PaddingId)),
            ("end_of_text_id", tokenizer?.EndOfTextId is { } id ? Text(id) : null),
            ("embedding_dim", Text(config.EmbedDim)),
            ("logit_scale", Text(Factor(model))),
            ("logit_bias", model.LogitBias is { } bias ? Text(Value(bias.Master)) : null),
            ("precision", precision switch { OnnxPrecision.Fp16 => "float16", OnnxPrecision.Quantized => "int8 weights, dynamically quantized", _ => "float32" }),
        };
        return
            from entry in entries
            where entry.Value is not null
            select new StringStringEntryProto { Key = entry.Key, Value = entry.Value };
    }

    /// <summary>The numbers of a list.</summary>
    public static float[] ParseList(string list) => System.Text.Json.JsonSerializer.Deserialize<float[]>(list)!;

    private static string List(float[] values) => System.Text.Json.JsonSerializer.Serialize(values);

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static float Factor(FlipModel model)
    {
        using var noGradient = no_grad();
        using var factor = model.LogitFactor();
        return Value(factor);
    }

    private static float Value(Tensor single) => single.item<float>();
}
