using Flip.Config;
using Flip.Masking;
using Flip.Models;
using Flip.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public class TextRowsTests
{
    private const int Length = 12;
    private const int Texts = 9;

    public static TheoryData<bool, EndOfTextRule, double, TextMaskKind> Ends => new()
    {
        { true, EndOfTextRule.Eos, 0, TextMaskKind.Random },
        { true, EndOfTextRule.Eos, 0.5, TextMaskKind.Prioritized },
        { true, EndOfTextRule.Argmax, 0, TextMaskKind.Random },
        { true, EndOfTextRule.Argmax, 0.5, TextMaskKind.Block },
        { true, EndOfTextRule.Argmax, 0.5, TextMaskKind.Truncate },
        { false, EndOfTextRule.Eos, 0.25, TextMaskKind.Random },
        { false, EndOfTextRule.Argmax, 0, TextMaskKind.Random },
    };

    public static TheoryData<bool, bool, TextPooling, double, TextMaskKind, Precision> Towers => new()
    {
        { false, false, TextPooling.FirstToken, 0, TextMaskKind.Random, Precision.Fp32 },
        { false, false, TextPooling.Mean, 0, TextMaskKind.Random, Precision.Fp32 },
        { false, false, TextPooling.Mean, 0.5, TextMaskKind.Random, Precision.Fp32 },
        { false, false, TextPooling.FirstToken, 0.5, TextMaskKind.Prioritized, Precision.Fp32 },
        { false, true, TextPooling.EndOfText, 0, TextMaskKind.Random, Precision.Fp32 },
        { true, true, TextPooling.EndOfText, 0, TextMaskKind.Random, Precision.Fp32 },
        { true, true, TextPooling.EndOfText, 0.5, TextMaskKind.Block, Precision.Fp32 },
        { true, true, TextPooling.Mean, 0.25, TextMaskKind.Truncate, Precision.Fp32 },
        { false, true, TextPooling.EndOfText, 0.5, TextMaskKind.Random, Precision.Bf16 },
    };

    [Theory]
    [MemberData(nameof(Towers))]
    public void Texts_cut_to_the_tokens_they_need_have_the_embeddings_and_gradients_of_padded_rows(
        bool attendPadding, bool causal, TextPooling pooling, double maskRatio, TextMaskKind kind, Precision precision)
    {
        AssertSame(Tower(attendPadding, causal, pooling) with { MaskRatio = maskRatio, MaskKind = kind }, precision);
    }

    // The drawn texts hold the marker 7 in their middle and several times, or not at all.
    [Theory]
    [MemberData(nameof(Ends))]
    public void So_do_texts_that_end_before_their_last_token(bool causal, EndOfTextRule rule, double maskRatio, TextMaskKind kind)
    {
        var text = Tower(attendPadding: false, causal, TextPooling.EndOfText) with { EndOfText = rule, EosTokenId = 7, MaskRatio = maskRatio, MaskKind = kind };
        AssertSame(text, Precision.Fp32);
        var (tokens, lengths) = Captions();
        Assert.Contains(PooledToken.Positions(text, tokens, lengths).Zip(lengths), pair => pair.First > 0 && pair.First < pair.Second - 1);
    }

    [Theory]
    [InlineData(EndOfTextRule.Eos, 7, 1)]
    [InlineData(EndOfTextRule.Eos, 25, 0)]
    [InlineData(EndOfTextRule.Eos, null, 5)]
    [InlineData(EndOfTextRule.Argmax, 7, 3)]
    public void A_text_ends_at_its_first_marker_at_its_largest_id_or_at_its_last_token(EndOfTextRule rule, int? end, int expected)
    {
        using var scope = NewDisposeScope();
        var text = Tower(attendPadding: true, causal: true, TextPooling.EndOfText) with { EndOfText = rule, EosTokenId = end };
        int[] row = [4, 7, 2, 9, 7, 9, 0, 29]; // 29 is behind the text
        Assert.Equal([expected], PooledToken.Positions(text, row, [6]));
        var valid = tensor(new[] { true, true, true, true, true, true, false, false }).view(1, 8);
        Assert.Equal(expected, PooledToken.Positions(text, tensor(Array.ConvertAll(row, id => (long)id)).view(1, 8), valid).ToInt64());
        Assert.Equal([0], PooledToken.Positions(text, row, [0]));
    }

    private static void AssertSame(TextConfig text, Precision precision)
    {
        using var model = Model(text, precision);
        var (tokens, lengths) = Captions();
        var keep = Keep(text, tokens, lengths);
        using var scope = NewDisposeScope();
        using var weights = randn(Texts, 8);

        var padded = model.EncodeText(
            tensor(Array.ConvertAll(tokens, id => (long)id)).view(Texts, Length),
            tensor(Array.ConvertAll(lengths, length => (long)length)),
            keep is null ? null : tensor(keep).view(Texts, -1));
        var expected = Gradient(model, padded, weights);

        var rows = TextRows.Of(text, tokens, lengths, keep, groupTokens: 10);
        var cut = model.EncodeText(rows);
        var tolerance = precision == Precision.Fp32 ? 1e-5 : 2e-2;
        Assert.InRange((cut - padded).abs().max().item<float>(), 0, tolerance);
        Assert.InRange((Gradient(model, cut, weights) - expected).abs().max().item<float>(), 0, tolerance * expected.abs().max().item<float>());
        Assert.InRange(rows.Groups.Count, 2, Texts);
        Assert.True(rows.Computed.Sum() < Texts * (keep?.Length / Texts ?? Length));
    }

    [Fact]
    public void Where_padding_takes_part_every_token_is_computed()
    {
        using var scope = NewDisposeScope();
        var (tokens, lengths) = Captions();
        var causal = TextRows.Of(Tower(attendPadding: true, causal: true, TextPooling.LastToken), tokens, lengths, null, groupTokens: 1);
        Assert.Equal(Texts * Length, causal.Computed.Sum());
        var rows = TextRows.Of(Tower(attendPadding: true, causal: false, TextPooling.FirstToken), tokens, lengths, null, groupTokens: 1);
        Assert.Equal([Texts, Length], Assert.Single(rows.Groups).Tokens.shape);
        Assert.Equal(tokens.Select(id => (long)id), rows.Groups[0].Tokens.data<long>().ToArray());
        Assert.Equal(lengths.Select(length => (long)length), rows.Groups[0].Lengths.data<long>().ToArray());
    }

    [Fact]
    public void Groups_are_cut_where_the_texts_become_shorter_and_the_group_is_large_enough()
    {
        using var scope = NewDisposeScope();
        var lengths = new[] { 2, 6, 0, 6, 5, 2, 40 }; // 40: a length beyond the row counts as the row's
        var rows = TextRows.Of(Tower(false, false, TextPooling.Mean), new int[7 * Length], lengths, null, groupTokens: 12);
        Assert.Equal([[1, 12], [2, 6], [3, 5], [1, 1]], rows.Groups.Select(group => group.Tokens.shape).Select(shape => shape.Select(n => (int)n).ToArray()));
        Assert.Equal([12, 6, 6, 5, 5, 5, 1], rows.Computed);
        using var places = rows.InOrder([.. rows.Groups.Select(group => group.Lengths)]);
        Assert.Equal(lengths.Select(length => (long)length), places.data<long>().ToArray());
    }

    [Fact]
    public void Few_texts_keep_their_order_in_one_group_as_long_as_the_longest()
    {
        using var scope = NewDisposeScope();
        var rows = TextRows.Of(Tower(false, false, TextPooling.Mean), new int[3 * Length], new[] { 2, 7, 3 }, null);
        Assert.Equal([3, 7], Assert.Single(rows.Groups).Tokens.shape);
        Assert.Equal([2, 7, 3], rows.Groups[0].Lengths.data<long>().ToArray());
    }

    private static TextConfig Tower(bool attendPadding, bool causal, TextPooling pooling) => new()
    {
        VocabularySize = 30,
        Length = Length,
        Width = 16,
        Depth = 2,
        Heads = 2,
        AttendPadding = attendPadding,
        Causal = causal,
        Pooling = pooling,
    };

    private static FlipModel Model(TextConfig text, Precision precision) => new(
        new ModelConfig
        {
            Image = new() { ImageSize = 16, PatchSize = 8, Width = 16, Depth = 1, Heads = 2 },
            Text = text,
            EmbedDim = 8,
        },
        computeType: precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32);

    private static (int[] Tokens, int[] Lengths) Captions()
    {
        var random = new CounterRandom(3, RandomPurpose.Evaluation);
        var lengths = new[] { 12, 3, 5, 0, 1, 5, 8, 3, 2 };
        var tokens = new int[Texts * Length];
        for (var i = 0; i < Texts; i++)
        {
            for (var t = 0; t < lengths[i]; t++)
            {
                tokens[(i * Length) + t] = 1 + random.NextInt(29);
            }
        }

        return (tokens, lengths);
    }

    private static long[]? Keep(TextConfig text, int[] tokens, int[] lengths) => text.MaskRatio == 0 ? null : TextMask.ChooseBatch(
        text.MaskKind, PooledToken.Positions(text, tokens, lengths), Length, MaskRatio.Kept(Length, text.MaskRatio), 5, new int[Texts], [.. Enumerable.Range(0, Texts).Select(i => (long)i)], lengths);

    private static Tensor Gradient(FlipModel model, Tensor embeddings, Tensor weights)
    {
        model.Parameters.ZeroGradient();
        (embeddings * weights).sum().backward();
        model.Parameters.AccumulateGradient();
        return model.Parameters.Gradient.clone();
    }
}
