using System.Text.Json;
using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Cli;
using Flip.Tokenizers;

namespace Flip.Tests.Conversion.Onnx;

public sealed class TransformersJsTests : IDisposable
{
    private const int Images = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WordPieceVariant.Bert)]
    [InlineData(WordPieceVariant.TfText)]
    public void FLIPs_own_towers_with_WordPiece_give_the_same_embeddings(WordPieceVariant variant)
    {
        // The first token is read and padding is seen: a row that were filled by anything else, or not at all, would differ.
        var config = TinyModel.Save(_folder.File("model"), variant: variant);
        Compare(config, ["a red dog", "", "two birds, on a TREE! the green car runs", "a [PAD] dög 日本"]);
    }

    [Theory]
    [InlineData(true, TextPooling.EndOfText)]
    [InlineData(false, TextPooling.EndOfText)]
    [InlineData(false, TextPooling.Mean)]
    public void Towers_with_CLIPs_encoding_give_the_same_embeddings(bool causal, TextPooling pooling)
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var tokenizer = ClipBpeTokenizer.Load(_folder.File("m.txt"));
        var start = TinyModels.Clip;
        var config = ModelFolder.WithVocabulary(
            new FlipConfig
            {
                Model = start with { Text = start.Text with { VocabularySize = 0, Causal = causal, Pooling = pooling, AttendPadding = pooling != TextPooling.Mean } },
                Data = new DataConfig { Tokenizer = TokenizerKind.ClipBpe },
            },
            tokenizer);
        using (var model = TinyModels.Make(config.Model))
        {
            ModelFolder.Save(_folder.File("model"), config, model, tokenizer);
        }

        Compare(config, ["low", "", "lower low! a lower, lowest", "a!!"]);
    }

    [Fact]
    public void Weights_in_files_beside_are_found()
    {
        var config = TinyModel.Save(_folder.File("model"));
        Compare(config, ["a red dog", "the green car"], inlineLimit: 10_000);
    }

    private void Compare(FlipConfig config, string[] texts, long? inlineLimit = null)
    {
        using var stored = ModelFolder.Open(_folder.File("model"));
        using var model = stored.LoadModel(config);
        var tokenizer = stored.Tokenizer();
        List<OnnxPrecision> precisions = [OnnxPrecision.Fp16, OnnxPrecision.Quantized];
        if (inlineLimit is { } limit)
        {
            OnnxExporter.Write(model, _folder.File("export/onnx"), OnnxPrecision.Fp32, tokenizer, inlineLimit: limit);
        }
        else
        {
            precisions.Add(OnnxPrecision.Fp32);
        }

        OnnxFolder.Write(stored, model, _folder.File("export"), precisions, tokenizer, OnnxInputs.Draw(config.Model, tokenizer));
        var size = config.Model.Image.ImageSize;
        var pixels = OnnxInputs.Draw(config.Model, tokenizer).Pixels.ToArray();
        var theirs = TransformersJs.Embed(_folder, new
        {
            folder = _folder.File("export"),
            dtypes = new[] { "fp32", "fp16", "q8" },
            texts,
            images = pixels.Chunk(size * size * 3).Select(rgb => new { width = size, height = size, rgb = rgb.Select(value => (int)value) }),
        });

        var encoder = new InferenceEncoder(model);
        var (rows, lengths) = Rows(tokenizer, texts, config.Model.Text.Length);
        var (ofTexts, ofImages) = (encoder.EncodeTexts(rows, lengths, texts.Length), encoder.EncodeImages(pixels, Images));
        Assert.Equal([Images, 3, size, size], theirs.GetProperty("pixels").EnumerateArray().Select(item => item.GetInt32()));
        CompareIds(theirs, tokenizer, texts, config.Model.Text.Length);
        foreach (var (dtype, tolerance) in new[] { ("fp32", 1e-5), ("fp16", 4e-3), ("q8", 0.1) })
        {
            var found = theirs.GetProperty(dtype);
            AssertNear(ofTexts, found.GetProperty("textEmbeds"), tolerance);
            AssertNear(ofTexts, found.GetProperty("textsAlone"), tolerance);
            AssertNear(ofImages, found.GetProperty("imageEmbeds"), tolerance);
            AssertNear(ofImages, found.GetProperty("imagesAlone"), tolerance);
        }

        CompareZeroShot(theirs, model, ofImages, ofTexts, texts);
    }

    /// <summary>Cut to a row, and ours without padding where they are not.</summary>
    private static void CompareIds(JsonElement theirs, ITokenizer tokenizer, string[] texts, int length)
    {
        foreach (var (text, (ids, uncut)) in texts.Zip(theirs.GetProperty("ids").EnumerateArray().Zip(theirs.GetProperty("uncut").EnumerateArray())))
        {
            Assert.InRange(ids.GetArrayLength(), 1, length);
            int[] ours = tokenizer is ClipBpeTokenizer bpe ? [bpe.StartOfTextId, .. bpe.Encode(text), bpe.EndOfTextId!.Value] : [.. tokenizer.Encode(text)];
            Assert.Equal(ours, uncut.EnumerateArray().Select(id => id.GetInt32()));
        }
    }

    private static void CompareZeroShot(JsonElement theirs, FlipModel model, float[] ofImages, float[] ofTexts, string[] texts)
    {
        using var factor = model.LogitFactor();
        var dim = model.Config.EmbedDim;
        double Logit(int text) => factor.cpu().item<float>() * Enumerable.Range(0, dim).Sum(i => (double)ofImages[i] * ofTexts[(text * dim) + i]);
        var ofFirst = 1 / (1 + Math.Exp(Logit(1) - Logit(0)));
        var scores = theirs.GetProperty("zeroShot").EnumerateArray().ToDictionary(item => item.GetProperty("label").GetString()!, item => item.GetProperty("score").GetDouble());
        Assert.Equal(ofFirst, scores[texts[0]], 1e-4);
        Assert.Equal(1 - ofFirst, scores[texts[1]], 1e-4);
    }

    private static (int[] Rows, int[] Lengths) Rows(ITokenizer tokenizer, string[] texts, int length)
    {
        var rows = new int[texts.Length * length];
        return (rows, [.. texts.Select((text, i) => tokenizer.EncodeRow(text, rows.AsSpan(i * length, length)))]);
    }

    private static void AssertNear(float[] ours, JsonElement theirs, double tolerance)
    {
        var numbers = theirs.Numbers();
        Assert.Equal(ours.Length, numbers.Length);
        Assert.InRange(ours.Zip(numbers, (a, b) => Math.Abs((double)a - b)).Max(), 0, tolerance);
    }
}
