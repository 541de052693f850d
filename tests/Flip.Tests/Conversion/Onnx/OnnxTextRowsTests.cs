using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Tests.Data;
using Flip.Tokenizers;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>Rows of ids as other libraries' tokenizers give them, embedded as our own rows of the same texts.</summary>
public sealed class OnnxTextRowsTests : IDisposable
{
    private const int Length = 8;
    private const int Start = 27;
    private const int End = TinyModels.EndOfTextId;
    private const int Padding = 2;

    /// <summary>Texts of no word to more than a row has; one holds the padding's id as a word, as CLIP's "!" is.</summary>
    private static readonly long[][] Texts = [[], [7], [5, Padding, 9, Padding], [4, 5, 6, 7, 8, 9], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<bool, bool, TextPooling> Variants => OnnxExporterTests.TextVariants;

    public static TheoryData<bool, bool, TextPooling> VariantsWithoutMarkers =>
        [.. OnnxExporterTests.TextVariants.Where(variant => variant.Data.Item3 != TextPooling.EndOfText).Select(variant => variant.Data)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Variants))]
    public void Texts_with_an_end_marker_may_be_padded_by_it_or_cut_without_it(bool causal, bool attendPadding, TextPooling pooling)
    {
        using var model = Export(causal, attendPadding, pooling, new CharTokenizer { PaddingId = Padding, EndOfTextId = End });
        using var texts = new OnnxSession(_folder.File(OnnxExporter.TextFile));
        foreach (var text in Texts)
        {
            long[] row = [Start, .. text.Take(Length - 2), End];
            var expected = Expected(model, row);
            long[] whole = [Start, .. text, End];
            Check(texts, expected, row, row.Length); // neither padded nor cut
            Check(texts, expected, Filled(row, Length, Padding), row.Length); // ours
            Check(texts, expected, Filled(row, Length, End), row.Length); // Hugging Face's, to the row's length
            Check(texts, expected, Filled(row, row.Length + 1, End), row.Length); // to the longest of its batch
            Check(texts, expected, Filled(row, Length + 5, End), row.Length); // beyond the row
            Check(texts, expected, whole, whole.Length); // of a tokenizer that does not cut
            if (whole.Length > Length)
            {
                Check(texts, expected, whole[..Length], Length); // transformers.js cuts the marker off
            }
        }
    }

    [Theory]
    [MemberData(nameof(VariantsWithoutMarkers))]
    public void Texts_without_markers_are_filled_by_the_tokenizers_padding(bool causal, bool attendPadding, TextPooling pooling)
    {
        using var model = Export(causal, attendPadding, pooling, new CharTokenizer { PaddingId = Padding });
        using var texts = new OnnxSession(_folder.File(OnnxExporter.TextFile));
        foreach (var text in Texts)
        {
            var row = text.Take(Length).ToArray();
            var expected = Expected(model, row);
            Check(texts, expected, text, text.Length); // also of no token at all
            Check(texts, expected, Filled(row, row.Length + 1, Padding), row.Length);
            Check(texts, expected, Filled(row, Length + 3, Padding), row.Length);
        }
    }

    [Fact]
    public void A_marker_inside_a_text_is_not_padding()
    {
        using var model = Export(causal: false, attendPadding: true, TextPooling.FirstToken, new CharTokenizer { PaddingId = Padding, EndOfTextId = End });
        using var texts = new OnnxSession(_folder.File(OnnxExporter.TextFile));
        long[] row = [Start, 5, End, 7, End];
        Check(texts, Expected(model, row), row, row.Length);
        Check(texts, Expected(model, row), Filled(row, Length, End), row.Length);
    }

    private FlipModel Export(bool causal, bool attendPadding, TextPooling pooling, ITokenizer tokenizer)
    {
        var text = TinyModels.Paper.Text with { Causal = causal, AttendPadding = attendPadding, Pooling = pooling };
        var model = TinyModels.Make(TinyModels.Paper with { Text = text });
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32], tokenizer);
        return model;
    }

    private static long[] Filled(long[] row, int length, long by) => [.. row, .. Enumerable.Repeat(by, Math.Max(0, length - row.Length))];

    private static float[] Expected(FlipModel model, long[] row)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return model.EncodeText(tensor(Filled(row, Length, Padding)).view(1, Length), tensor(new[] { (long)row.Length })).data<float>().ToArray();
    }

    private static void Check(OnnxSession session, float[] expected, long[] ids, int valid)
    {
        var mask = Enumerable.Range(0, ids.Length).Select(place => place < valid ? 1L : 0).ToArray();
        var inputs = new List<(string, Array, long[])> { ("input_ids", ids, [1, ids.Length]) };
        if (session.Session.InputNames.Contains("attention_mask"))
        {
            inputs.Add(("attention_mask", mask, [1, mask.Length]));
        }

        var actual = session.Run([.. inputs])["text_embeds"];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }
}
