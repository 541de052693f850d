using System.Text;
using System.Text.Json;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class ClipBpeTokenizerTests : IDisposable
{
    private const int BytesAndEnds = 512;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Hand_worked_merges()
    {
        var tokenizer = Tiny();

        // "lower" -> l o w e r</w> -> lo w e r</w> -> low e r</w> -> low er</w>: the ranks decide, not the order of the text.
        Assert.Equal([BytesAndEnds + 1, BytesAndEnds + 2], tokenizer.Encode("LOWER"));
        Assert.Equal([BytesAndEnds + 1, BytesAndEnds + 2, 'z' - '!' + 256], tokenizer.Encode("lower z"));
        Assert.Equal("lower z ", tokenizer.Decode(tokenizer.Encode("lower  z")));
        Assert.Equal(BytesAndEnds + 5, tokenizer.VocabularySize);
    }

    [Fact]
    public void A_row_has_both_markers_even_when_cut()
    {
        var tokenizer = Tiny();
        var row = new int[4];
        Assert.Equal(2, tokenizer.EncodeRow("", row));
        Assert.Equal([tokenizer.StartOfTextId, tokenizer.EndOfTextId!.Value, 0, 0], row);
        Assert.Equal(4, tokenizer.EncodeRow("lower lower lower", row));
        Assert.Equal([tokenizer.StartOfTextId, BytesAndEnds + 1, BytesAndEnds + 2, tokenizer.EndOfTextId!.Value], row);
    }

    [Theory]
    [InlineData("it's 'll x2y ab!?c", "it|'s|'ll|x|2|y|ab|!?|c")]
    [InlineData("𝔄𝔟1²", "𝔄𝔟|1|²")]
    [InlineData("<|startoftext|>a<|endoftext|>", "<|startoftext|>|a|<|endoftext|>")]
    [InlineData("a\u00a0\u2003b", "a|b")]
    public void Words_are_split_as_the_pattern_of_CLIP_does(string text, string expected)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var length = ClipText.WordLength(text.AsSpan(start), (ClipText.StartOfText, ClipText.EndOfText));
            words.AddRange(length > 0 ? [text.Substring(start, length)] : []);
            start += Math.Max(1, length);
        }

        Assert.Equal(expected, string.Join('|', words));
    }

    [Theory]
    [InlineData("&amp;amp; &notit; &lt;b&gt; &#x41;&#65 &hellip; &zz; &#0; &#x99999999;", "& ¬it; <b> aa … &zz; \ufffd \ufffd")]
    [InlineData("“a” ‘b’ ﬁ Ｘ \u0093c\u0094 \u001b[31mred\u001b[0m", "\"a\" 'b' fi x \"c\" red")]
    [InlineData("cafe\u0301 x\u0000y", "caf\u00e9 xy")]
    [InlineData("ΟΔΟΣ ΣΑΣ. Σ", "οδος σας. σ")]
    public void Text_is_cleaned_as_CLIP_does(string text, string expected) => Assert.Equal(expected, ClipText.Clean(text));

    [Fact]
    public void Equals_the_reference_on_its_fixture()
    {
        var tokenizer = ClipBpeTokenizer.Load(SharedData.Require("vocab/clip-bpe-16e6.txt.gz"));
        Assert.Equal(49408, tokenizer.VocabularySize);
        CompareWithFixture(tokenizer);

        tokenizer.Save(_folder.Path);
        CompareWithFixture(ClipBpeTokenizer.Load(_folder.Path));
        CompareWithFixture(ClipBpeTokenizer.Load(_folder.File("vocab.json")));
        File.Delete(_folder.File("vocab.json"));
        CompareWithFixture(ClipBpeTokenizer.Load(_folder.File("merges.txt")));
    }

    // open_clip 3.3.0's SimpleTokenizer: other markers, and three ways to clean a text.
    [Theory]
    [InlineData(TextCleaning.Lower, "a <end_of_text> b", new[] { 320, 49407, 321 })]
    [InlineData(TextCleaning.Lower, "hi!<end_of_text>", new[] { 1883, 0, 283, 806, 318, 539, 318, 4160, 285 })]
    [InlineData(TextCleaning.Lower, "x<start_of_text>", new[] { 343, 49406 })]
    [InlineData(TextCleaning.Lower, "<|endoftext|> a", new[] { 27, 347, 40786, 4160, 91, 285, 320 })]
    [InlineData(TextCleaning.Lower, "<START_OF_TEXT>A Dog's", new[] { 49406, 320, 1929, 568 })]
    [InlineData(TextCleaning.Whitespace, "a <end_of_text> b", new[] { 320, 49407, 321 })]
    [InlineData(TextCleaning.Whitespace, "<START_OF_TEXT>A Dog's", new[] { 27, 50, 51, 32, 49, 51, 62, 46, 37, 62, 51, 36, 55, 51, 285, 288, 35, 8555, 568 })]
    [InlineData(TextCleaning.Whitespace, "Don't_stop (it)! I'LL", new[] { 35, 525, 713, 318, 1691, 263, 585, 7805, 296, 6, 43, 299 })]
    [InlineData(TextCleaning.Whitespace, "A  B\n c&amp;d", new[] { 288, 289, 322, 261, 323 })]
    [InlineData(TextCleaning.Canonicalize, "<START_OF_TEXT>A Dog's", new[] { 1572, 539, 2056, 1397, 3255 })]
    [InlineData(TextCleaning.Canonicalize, "Don't_stop (it)! I'LL", new[] { 4632, 1691, 585, 660 })]
    [InlineData(TextCleaning.Canonicalize, "A  B\n c&amp;d", new[] { 320, 321, 4480 })]
    public void Equals_open_clips_own_tokenizer(TextCleaning cleaning, string text, int[] expected)
    {
        var tokenizer = ClipBpeTokenizer.Load(SharedData.Require("vocab/clip-bpe-16e6.txt.gz")).With(ClipMarkers.OpenClip, cleaning);
        Assert.Equal(expected, tokenizer.Encode(text));
        tokenizer.Save(_folder.Path);
        Assert.Equal(expected, TokenizerFactory.Load(_folder.Path).Encode(text));
    }

    [Fact]
    public void Enormous_and_malformed_captions_take_moments()
    {
        var tokenizer = Tiny();
        var row = new int[77];
        Assert.Equal(77, tokenizer.EncodeRow(string.Join(' ', Enumerable.Repeat("lower", 10_000)), row));

        // Inside the long word "er" stays two tokens, for the merge is of "r</w>"; at its end it is one.
        Assert.Equal((3 << 18) - 1, tokenizer.Encode(new StringBuilder().Insert(0, "lower", 1 << 18).ToString()).Count);
        Assert.NotEmpty(tokenizer.Encode("x\ud800\udc00\udc00\ud800x\ufffe"));
        Assert.NotEmpty(tokenizer.Encode(new StringBuilder("a").Insert(1, "\u0301\u0323", 1 << 18).ToString()));
        Assert.NotEmpty(tokenizer.Encode("&" + new StringBuilder().Insert(0, "amp;", 1 << 18)));
        Assert.NotEmpty(tokenizer.Encode("&#" + new string('1', 1 << 20)));
    }

    [Fact]
    public void What_is_no_vocabulary_is_refused()
    {
        void Refuses(string content, string expected)
        {
            File.WriteAllText(_folder.File("m.txt"), content);
            var error = Assert.Throws<VocabularyException>(() => ClipBpeTokenizer.Load(_folder.File("m.txt")));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }

        Refuses("a b c\n", "line 1");
        Refuses("a xy\n", "'xy'");
        Assert.Throws<VocabularyException>(() => ClipBpeTokenizer.Load(_folder.File("none.txt")));
        File.WriteAllBytes(_folder.File("z.gz"), [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        Assert.Throws<VocabularyException>(() => ClipBpeTokenizer.Load(_folder.File("z.gz")));
        File.WriteAllText(_folder.File("merges.txt"), "a b\n");
        File.WriteAllText(_folder.File("vocab.json"), """{"a":0,"b":7}""");
        Assert.Throws<VocabularyException>(() => ClipBpeTokenizer.Load(_folder.Path));
    }

    private static void CompareWithFixture(ClipBpeTokenizer tokenizer)
    {
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden("clip-bpe.json")));
        foreach (var item in fixture.RootElement.GetProperty("items").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var ids = tokenizer.Encode(text);
            Assert.Equal(WordPieceTokenizerTests.Numbers(item.GetProperty("ids")), ids);
            Assert.Equal(item.GetProperty("decoded").GetString(), tokenizer.Decode(ids));

            var row = new int[77];
            var valid = tokenizer.EncodeRow(text, row);
            Assert.Equal(WordPieceTokenizerTests.Numbers(item.GetProperty("ids77")), row);
            Assert.Equal(item.GetProperty("truncated").GetBoolean(), ids.Count + 2 > valid);
        }
    }

    private ClipBpeTokenizer Tiny()
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        return ClipBpeTokenizer.Load(_folder.File("m.txt"));
    }
}
