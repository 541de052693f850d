using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class AddedTokensTests : IDisposable
{
    private const int Placeholder = 517; // behind 512 bytes, three merges and the markers 515 and 516
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The texts of the golden values hold every flag, both places that a token is looked for in, and both kinds of tokenizer.
    [Theory]
    [InlineData("clip")]
    [InlineData("uncased")]
    [InlineData("cased")]
    [InlineData("accents")]
    public void Texts_are_cut_at_added_tokens_as_by_Hugging_Faces_engine(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden("added-tokens.json")));
        var fixture = golden.RootElement.GetProperty("tokenizers").GetProperty(name);
        File.WriteAllText(_folder.File("tokenizer.json"), fixture.GetProperty("file").GetRawText());
        var settings = new DataConfig { WordPieceMarkers = WordPieceMarkers.ClsSep, TextCleaning = TextCleaning.None };
        var tokenizer = TokenizerFactory.With(settings, TokenizerFactory.Load(_folder.Path));
        AssertGolden(tokenizer, golden.RootElement.GetProperty("texts"), fixture.GetProperty("ids"));
        foreach (var (text, expected) in golden.RootElement.GetProperty("texts").EnumerateArray().Zip(fixture.GetProperty("rows").EnumerateArray()))
        {
            var row = new int[6]; // cut or filled
            tokenizer.EncodeRow(text.GetString()!, row);
            Assert.Equal(WordPieceTokenizerTests.Numbers(expected), row);
        }

        // What is written reads back the same, from the one file and from the vocabulary with what lies beside it.
        tokenizer.Save(_folder.File("again"));
        AssertGolden(TokenizerFactory.Load(_folder.File("again")), golden.RootElement.GetProperty("texts"), fixture.GetProperty("ids"));
        if (name == "clip")
        {
            File.Delete(_folder.File("again/tokenizer.json"));
            AssertGolden(TokenizerFactory.Load(_folder.File("again")), golden.RootElement.GetProperty("texts"), fixture.GetProperty("ids"));
        }
    }

    [Theory]
    [InlineData("added_tokens.json", """{"<placeholder>":517}""")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":{"517":{"content":"<placeholder>","special":false,"normalized":true}}}""")]
    [InlineData("special_tokens_map.json", """{"additional_special_tokens":["<placeholder>"]}""")]
    [InlineData("special_tokens_map.json", """{"additional_special_tokens":[{"content":"<placeholder>","lstrip":false}]}""")]
    [InlineData("tokenizer_config.json", """{"tokenizer_class":"CLIPTokenizer","extra_special_tokens":{"image":"<placeholder>"}}""")]
    public void A_token_that_a_file_beside_the_vocabulary_adds_is_one_token(string file, string content)
    {
        SaveClip();
        File.WriteAllText(_folder.File(file), content);
        var tokenizer = TokenizerFactory.Load(_folder.Path);
        Assert.Equal(518, tokenizer.VocabularySize);
        Assert.Equal(['a' - '!' + 256, Placeholder, 'b' - '!' + 256], tokenizer.Encode("a <placeholder>b"));
        Assert.Equal("a <placeholder>", tokenizer.Decode(tokenizer.Encode("a <placeholder>")));

        // Training on goes from the written files, which have to say the same.
        tokenizer.Save(_folder.File("again"));
        Assert.Equal(tokenizer.Encode("a<placeholder> b"), TokenizerFactory.Load(_folder.File("again")).Encode("a<placeholder> b"));
    }

    [Fact]
    public void Flags_of_the_description_come_before_those_of_the_tokenizers_file_and_an_old_list_after()
    {
        SaveClip(keepTokenizerFile: true);
        _folder.Change("tokenizer.json", file => file["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{"id":517,"content":"<X>","normalized":true}""")));
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"additional_special_tokens":["<X>"]}""");
        File.WriteAllText(_folder.File("added_tokens.json"), """{"<X>":517}""");
        Assert.Contains(Placeholder, TokenizerFactory.Load(_folder.Path).Encode("a <x>"));
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"added_tokens_decoder":{"517":{"content":"<X>","normalized":false}}}""");
        Assert.DoesNotContain(Placeholder, TokenizerFactory.Load(_folder.Path).Encode("a <x>"));
        Assert.Contains(Placeholder, TokenizerFactory.Load(_folder.Path).Encode("a <X>"));
    }

    [Fact]
    public void A_marker_of_the_vocabulary_is_cut_out_as_well()
    {
        SaveClip();
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"tokenizer_class":"CLIPTokenizer","pad_token":"!"}""");
        Assert.Equal(['h' - '!', 'i' - '!' + 256, 0], TokenizerFactory.Load(_folder.Path).Encode("hi!"));
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"tokenizer_class":"CLIPTokenizer","pad_token":"!","split_special_tokens":true}""");
        Assert.Equal(['h' - '!', 'i' - '!' + 256, 256], TokenizerFactory.Load(_folder.Path).Encode("hi!"));
    }

    [Theory]
    [InlineData("added_tokens.json", """{"<a>":516}""", "token '<a>' has 516")]
    [InlineData("added_tokens.json", """{"<a>":600}""", "token '<a>' has 600")]
    [InlineData("added_tokens.json", """{"<a>":-1}""", "the token '<a>' has the id -1")]
    [InlineData("added_tokens.json", """{"low":517}""", "the token 'low' has two ids: 513 and 517")]
    [InlineData("added_tokens.json", """{"<a>":"517"}""", "<a> is \"517\", expected an integer")]
    [InlineData("added_tokens.json", "[", "no valid description")]
    [InlineData("added_tokens.json", "[]", "expected an object of tokens and ids")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":{"x":{"content":"<a>"}}}""", "the id \"x\", expected a number")]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":{"517":{}}}""", "has no added_tokens_decoder.517.content")]
    [InlineData("special_tokens_map.json", """{"pad_token":7}""", "pad_token is 7, expected an object")]
    public void Damaged_lists_are_refused(string file, string content, string expected)
    {
        SaveClip();
        File.WriteAllText(_folder.File(file), content);
        Assert.Contains(expected, Assert.Throws<VocabularyException>(() => TokenizerFactory.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_that_hold_many_tokens_take_moments()
    {
        SaveClip();
        var tokens = Enumerable.Range(0, 2000).ToDictionary(i => $"<{new string('<', i % 50)}{i}>", i => Placeholder + i);
        File.WriteAllText(_folder.File("added_tokens.json"), JsonSerializer.Serialize(tokens));
        var tokenizer = TokenizerFactory.Load(_folder.Path);
        Assert.Equal(2000 * 50, tokenizer.Encode(string.Concat(Enumerable.Repeat(string.Concat(tokens.Keys), 50))).Count);
        Assert.NotEmpty(tokenizer.Encode(new string('<', 1 << 18)));
    }

    private static void AssertGolden(ITokenizer tokenizer, JsonElement texts, JsonElement ids)
    {
        var row = new int[128];
        foreach (var (text, expected) in texts.EnumerateArray().Zip(ids.EnumerateArray()))
        {
            var valid = tokenizer.EncodeRow(text.GetString()!, row);
            Assert.True(
                WordPieceTokenizerTests.Numbers(expected).SequenceEqual(row.Take(valid)),
                $"{text}: {string.Join(' ', row.Take(valid))}, expected {expected.GetRawText()}");
        }
    }

    private void SaveClip(bool keepTokenizerFile = false)
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        ClipBpeTokenizer.Load(_folder.File("m.txt")).Save(_folder.Path);
        File.Delete(_folder.File("tokenizer_config.json"));
        File.Delete(_folder.File("special_tokens_map.json"));
        if (!keepTokenizerFile)
        {
            File.Delete(_folder.File("tokenizer.json"));
        }
    }
}
