using System.Text;
using System.Text.Json;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public class WordPieceTokenizerTests
{
    private static readonly string[] Tiny = ["[PAD]", "[UNK]", "a", "dog", "##s", "run", "##ning", ".", "cafe", "狗", "ss", "ß"];

    [Theory]
    [InlineData("A DOG.", "a dog .")]
    [InlineData("dogs running", "dog ##s run ##ning")]
    [InlineData("Café", "cafe")]
    [InlineData("a\tdog\u00a0a\u2028a", "a dog a a")]
    [InlineData("a狗a", "a 狗 a")]
    [InlineData("a\u0007a a\0 runn", "[UNK] a [UNK]")]
    [InlineData("ß", "ß")]
    [InlineData("", "")]
    public void Hand_worked_examples(string text, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), Pieces(new WordPieceTokenizer(Tiny), text));

    [Theory]
    [InlineData("ß", "ss")]
    [InlineData("a\u0007a", "a a")]
    [InlineData("ＤＯＧ", "dog")]
    public void Hand_worked_examples_of_TensorFlow_Text(string text, string expected) =>
        Assert.Equal(expected.Split(' '), Pieces(new WordPieceTokenizer(Tiny, WordPieceVariant.TfText), text));

    [Fact]
    public void A_row_is_cut_or_padded_and_has_no_markers()
    {
        var tokenizer = new WordPieceTokenizer(Tiny);
        var row = new int[4];
        Assert.Equal(3, tokenizer.EncodeRow("a dog.", row));
        Assert.Equal([2, 3, 7, 0], row);
        Assert.Equal(4, tokenizer.EncodeRow("dogs running. a", row));
        Assert.Equal([3, 4, 5, 6], row);
        Assert.Equal(0, tokenizer.EncodeRow(" ", row));
        Assert.Equal([0, 0, 0, 0], row);
    }

    [Fact]
    public void Decoding_joins_the_pieces_of_a_word() =>
        Assert.Equal("dogs running .", new WordPieceTokenizer(Tiny).Decode([3, 4, 5, 6, 7, 0, 0]));

    [Theory]
    [InlineData(WordPieceVariant.Bert)]
    [InlineData(WordPieceVariant.TfText)]
    public void Equals_the_reference_on_its_fixture(WordPieceVariant variant)
    {
        var tokenizer = WordPieceTokenizer.Load(SharedData.Require("vocab/bert-base-uncased.txt"), variant);
        Assert.Equal(30522, tokenizer.VocabularySize);
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden("wordpiece.json")));
        foreach (var item in fixture.RootElement.GetProperty("items").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var expected = variant == WordPieceVariant.TfText && item.TryGetProperty("tfText", out var other) ? other : item;
            Assert.Equal(Numbers(expected.GetProperty("ids")), tokenizer.Encode(text));

            var row = new int[32];
            var valid = tokenizer.EncodeRow(text, row);
            Assert.Equal(Numbers(expected.GetProperty("ids32")), row);
            Assert.Equal(Numbers(expected.GetProperty("valid32")).Sum(), valid);
        }
    }

    [Theory]
    [InlineData(WordPieceVariant.Bert)]
    [InlineData(WordPieceVariant.TfText)]
    public void Enormous_and_malformed_captions_take_moments(WordPieceVariant variant)
    {
        var tokenizer = new WordPieceTokenizer(Tiny, variant);
        var row = new int[32];
        Assert.Equal(32, tokenizer.EncodeRow(string.Join(' ', Enumerable.Repeat("dogs", 10_000)), row));
        Assert.Equal(20_000, tokenizer.Encode(string.Join(' ', Enumerable.Repeat("dogs", 10_000))).Count);
        Assert.Equal([1], tokenizer.Encode(new string('a', 1 << 20)));
        Assert.Equal([1], tokenizer.Encode("x\ud800\udc00\udc00\ud800x\ufffe"));

        // Alternating marks make canonical ordering quadratic where nothing bounds their run.
        var marks = new StringBuilder("a").Insert(1, "\u0301\u0323", 1 << 19).ToString();
        Assert.Equal([2], tokenizer.Encode(marks));
    }

    [Fact]
    public void Threads_share_a_tokenizer()
    {
        var tokenizer = new WordPieceTokenizer(Tiny);
        Parallel.For(0, 2000, i => Assert.Equal([2, 3, 4, 1], tokenizer.Encode($"a dogs x{i}")));
    }

    [Fact]
    public void What_is_no_vocabulary_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("cannot be read", Assert.Throws<VocabularyException>(() => WordPieceTokenizer.Load(folder.File("none.txt"))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("v.txt"), "a\nb\n");
        Assert.Contains("[UNK]", Assert.Throws<VocabularyException>(() => WordPieceTokenizer.Load(folder.File("v.txt"))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("v.txt"), "[UNK]\nb\nb\n");
        Assert.Contains("'b'", Assert.Throws<VocabularyException>(() => WordPieceTokenizer.Load(folder.File("v.txt"))).Message, StringComparison.Ordinal);
    }

    internal static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

    private static string[] Pieces(WordPieceTokenizer tokenizer, string text) => [.. tokenizer.Encode(text).Select(id => Tiny[id])];
}
