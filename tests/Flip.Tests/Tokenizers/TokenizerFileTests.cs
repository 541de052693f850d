using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class TokenizerFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CLIPs_encoding_is_read_from_tokenizer_json_alone()
    {
        ClipBpeTokenizer.Load(SharedData.Require("vocab/clip-bpe-16e6.txt.gz")).Save(_folder.Path);
        KeepOnlyTokenizerFile();
        var tokenizer = Assert.IsType<ClipBpeTokenizer>(TokenizerFactory.Load(_folder.Path));
        Assert.Equal(49408, tokenizer.VocabularySize);
        var row = new int[77];
        foreach (var (text, item) in Golden("clip-bpe.json"))
        {
            Assert.Equal(WordPieceTokenizerTests.Numbers(item.GetProperty("ids")), tokenizer.Encode(text));
            tokenizer.EncodeRow(text, row);
            Assert.Equal(WordPieceTokenizerTests.Numbers(item.GetProperty("ids77")), row);
        }
    }

    [Theory]
    [InlineData(WordPieceVariant.Bert)]
    [InlineData(WordPieceVariant.TfText)]
    public void WordPiece_is_read_from_tokenizer_json_alone(WordPieceVariant variant)
    {
        WordPieceTokenizer.Load(SharedData.Require("vocab/bert-base-uncased.txt"), variant).Save(_folder.Path);
        KeepOnlyTokenizerFile();
        var tokenizer = Assert.IsType<WordPieceTokenizer>(TokenizerFile.Load(_folder.File("tokenizer.json"), variant));
        Assert.Equal((30522, 0, variant), (tokenizer.VocabularySize, tokenizer.PaddingId, tokenizer.Variant));
        var row = new int[32];
        foreach (var (text, item) in Golden("wordpiece.json"))
        {
            var expected = variant == WordPieceVariant.TfText && item.TryGetProperty("tfText", out var other) ? other : item;
            Assert.Equal(WordPieceTokenizerTests.Numbers(expected.GetProperty("ids")), tokenizer.Encode(text));
            tokenizer.EncodeRow(text, row);
            Assert.Equal(WordPieceTokenizerTests.Numbers(expected.GetProperty("ids32")), row);
        }
    }

    // What Hugging Face's own engine makes of the files. The differences are those that the writers' docs name.
    [Theory]
    [InlineData("clipBpe", 20)]
    [InlineData("wordPiece", 2)]
    [InlineData("wordPieceTfText", 0)]
    public void Hugging_Face_gives_the_same_ids_from_the_saved_file(string name, int differences)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden("tokenizer-json.json")));
        var fixture = golden.RootElement.GetProperty(name);
        var vocabulary = SharedData.Require(fixture.GetProperty("vocabulary").GetString()!["shared/".Length..]);
        ITokenizer tokenizer = name == "clipBpe"
            ? ClipBpeTokenizer.Load(vocabulary)
            : WordPieceTokenizer.Load(vocabulary, name == "wordPiece" ? WordPieceVariant.Bert : WordPieceVariant.TfText);
        tokenizer.Save(_folder.Path);

        // The file that the engine read; whoever changes what is written has to let the engine read again.
        Assert.Equal(fixture.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_folder.File("tokenizer.json")))));
        var different = new List<string>();
        foreach (var item in fixture.GetProperty("items").EnumerateArray())
        {
            var text = item.GetProperty("text").GetString()!;
            var ids = WordPieceTokenizerTests.Numbers(item.GetProperty("ids"));
            var row = new int[1024];
            var valid = tokenizer.EncodeRow(text, row);
            different.AddRange(row.Take(valid).SequenceEqual(ids) ? [] : [text]);
        }

        Assert.True(different.Count == differences, string.Join('\n', different));
    }

    [Fact]
    public void Published_forms_of_CLIPs_file_are_read()
    {
        var expected = SaveTiny().Encode("lower <|endoftext|> it's");
        Change(file =>
        {
            var model = file["model"]!.AsObject();
            model["merges"] = new JsonArray([.. model["merges"]!.AsArray().Select(merge => new JsonArray([.. merge!.GetValue<string>().Split(' ').Select(token => (JsonNode)token)]))]);
            model.Remove("type");
            model["vocab"]!.AsObject().Remove("<|startoftext|>");
            model["vocab"]!.AsObject().Remove("<|endoftext|>");
            file["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] =
                @"<\|startoftext\|>|<\|endoftext\|>|" + file["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"]!.GetValue<string>();
            file["post_processor"] = JsonNode.Parse(
                """
                {"type":"TemplateProcessing",
                 "single":[{"SpecialToken":{"id":"<|startoftext|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"<|endoftext|>","type_id":0}}],
                 "special_tokens":{"<|startoftext|>":{"id":"<|startoftext|>","ids":[515],"tokens":["<|startoftext|>"]},
                                   "<|endoftext|>":{"id":"<|endoftext|>","ids":[516],"tokens":["<|endoftext|>"]}}}
                """);
        });
        Assert.Equal(expected, Load().Encode("lower <|endoftext|> it's"));
    }

    [Fact]
    public void A_published_file_of_BERT_is_read_without_its_markers_and_with_its_longest_word()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "a", "##a", "cafe"]).Save(_folder.Path);
        Change(file =>
        {
            file["normalizer"]!["strip_accents"] = null;
            file["added_tokens"] = JsonNode.Parse("""[{"id":0,"content":"[PAD]"},{"id":1,"content":"[UNK]"},{"id":2,"content":"[CLS]"}]""");
            file["post_processor"] = JsonNode.Parse("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]"}},{"Sequence":{"id":"A"}}]}""");
            file["model"]!.AsObject().Remove("max_input_chars_per_word");
        });
        Assert.Equal([5, 3], Load().Encode("Café A"));
        Assert.Equal(100, Load().Encode(new string('a', 100)).Count);
        Assert.Equal([1], Load().Encode(new string('a', 101)));

        // What was read is what is written.
        var again = _folder.File("again");
        Load().Save(again);
        Assert.Equal([1], TokenizerFactory.Load(again).Encode(new string('a', 101)));
    }

    [Theory]
    [InlineData("normalizer.normalizers[2].type", "\"NFKC\"", "normalizer.normalizers[2].type is \"NFKC\", expected \"Lowercase\"")]
    [InlineData("normalizer", "null", "no normalizer")]
    [InlineData("pre_tokenizer.pretokenizers[0].pattern.Regex", "\"x\"", "pretokenizers[0].pattern.Regex is \"x\"")]
    [InlineData("pre_tokenizer.pretokenizers[1].add_prefix_space", "true", "add_prefix_space is true")]
    [InlineData("pre_tokenizer", "{\"type\":\"Whitespace\"}", "pre_tokenizer.type is \"Whitespace\", expected \"Sequence\"")]
    [InlineData("post_processor", "null", "no post_processor")]
    [InlineData("post_processor.cls[1]", "3", "post_processor.cls[1] is 3, expected 515")]
    [InlineData("model.end_of_word_suffix", "null", "not CLIP's byte-pair encoding")]
    [InlineData("model.dropout", "0.1", "model.dropout is 0.1, expected 0")]
    [InlineData("model.ignore_merges", "true", "model.ignore_merges is true")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix")]
    [InlineData("model.type", "\"Unigram\"", "its model is \"Unigram\"")]
    [InlineData("added_tokens[0].content", "\"!\"", "the token '!' has two ids: 0 and 515")]
    [InlineData("added_tokens[0].content", "\"new\"", "token 'new' has 515")]
    [InlineData("added_tokens[0].lstrip", "1", "added_tokens[0].lstrip is 1, expected true or false")]
    [InlineData("added_tokens[0].id", "7", "has two ids: 515 and 7")]
    [InlineData("added_tokens[0].id", "-7", "an added token has the id -7")]
    [InlineData("model.merges[1]", "\"lo q\"", "no token 'loq'")]
    [InlineData("model.merges[1]", "\"low\"", "model.merges[1] is no merge")]
    [InlineData("model.merges[1]", "[\"a\",\"b\",\"c\"]", "model.merges[1] is no merge")]
    [InlineData("model.merges[1]", "\"l o\"", "the merge of \"l\" and \"o\" is there twice")]
    [InlineData("model.merges[1]", "7", "model.merges[1] is 7, expected a list")]
    [InlineData("model.vocab.lo", "513", "each once")]
    [InlineData("model.vocab.lo", "-1", "each once")]
    [InlineData("model.vocab.lo", "90000", "each once")]
    [InlineData("model.vocab.lo", "1e99", "model.vocab.lo is 1e99, expected an integer")]
    [InlineData("model.vocab", "{}", "each once")]
    [InlineData("model.vocab", "[]", "expected an object of tokens and ids")]
    [InlineData("model", "null", "has no model")]
    [InlineData("model", "[]", "model is [], expected an object")]
    public void What_CLIP_does_not_do_is_refused(string place, string value, string expected)
    {
        SaveTiny();
        Change(file => Set(file, place, JsonNode.Parse(value)));
        AssertRefused(expected);
    }

    [Theory]
    [InlineData("normalizer.clean_text", "false", "normalizer.clean_text is false, expected true")]
    [InlineData("normalizer.lowercase", "1", "normalizer.lowercase is 1, expected true or false")]
    [InlineData("normalizer", "{\"type\":\"NFC\"}", "normalizer.type is \"NFC\", expected \"BertNormalizer\"")]
    [InlineData("pre_tokenizer.type", "\"Metaspace\"", "pre_tokenizer.type is \"Metaspace\"")]
    [InlineData("model.unk_token", "\"unk\"", "no line unk")]
    [InlineData("model.continuing_subword_prefix", "\"@@\"", "model.continuing_subword_prefix")]
    [InlineData("model.max_input_chars_per_word", "5000", "max_input_chars_per_word is 5000")]
    [InlineData("model.max_input_chars_per_word", "0", "max_input_chars_per_word is 0")]
    [InlineData("model.vocab.dog", "9", "each once")]
    [InlineData("model.vocab", "{\"a\":0}", "[UNK]")]
    [InlineData("model.vocab", "{\"[UNK]\":0,\"a\\nb\":1}", "line break")]
    [InlineData("added_tokens", "[{\"id\":1,\"content\":\"dog\"}]", "the token 'dog' has two ids: 3 and 1")]
    [InlineData("added_tokens", "[{\"id\":3,\"content\":\"cat\"}]", "token 'cat' has 3")]
    [InlineData("added_tokens", "[{\"id\":2000000000,\"content\":\"cat\"}]", "the ids are not 0 to 4")]
    public void What_BERT_does_not_do_is_refused(string place, string value, string expected)
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a", "dog"]).Save(_folder.Path);
        KeepOnlyTokenizerFile();
        Change(file => Set(file, place, JsonNode.Parse(value)));
        AssertRefused(expected);
    }

    [Theory]
    [InlineData("", "has no bytes: it is empty")]
    [InlineData("{\"model\":", "cannot be read")]
    [InlineData("{\"model\":{\"type\":\"BPE\"},\"model\":{}}", "cannot be read")]
    [InlineData("[]", "the whole is [], expected an object")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "cannot be read")]
    [InlineData("{\"model\":{\"type\":\"\\ud800\"}}", "no Unicode")]
    [InlineData("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0,\"a\":1}}}", "cannot be read")]
    public void Damaged_files_are_refused(string content, string expected)
    {
        File.WriteAllText(_folder.File("tokenizer.json"), content);
        AssertRefused(expected);
    }

    [Fact]
    public void The_steps_of_TensorFlow_Text_are_read_by_their_name_only()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "ss"], WordPieceVariant.TfText).Save(_folder.Path);
        File.Delete(_folder.File("vocab.txt"));
        Assert.Equal([2], TokenizerFactory.Load(_folder.Path).Encode("ß"));
        File.Delete(_folder.File("tokenizer_config.json"));
        AssertRefused("normalizer.type is \"Sequence\", expected \"BertNormalizer\"");
    }

    [Fact]
    public void A_run_takes_its_vocabulary_from_tokenizer_json()
    {
        var expected = SaveTiny().Encode("lower");
        var data = new DataConfig { Tokenizer = TokenizerKind.ClipBpe };
        foreach (var path in (string[])[_folder.Path, _folder.File("tokenizer.json")])
        {
            Assert.Equal(expected, TokenizerFactory.Create(data with { Vocabulary = path }, () => []).Encode("lower"));
            var other = data with { Vocabulary = path, Tokenizer = TokenizerKind.WordPiece };
            var error = Assert.Throws<ConfigException>(() => TokenizerFactory.Create(other, () => []));
            Assert.Contains("holds CLIP's byte-pair encoding", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_files_beside_name_the_markers()
    {
        SaveTiny(keepAll: true);
        var clip = Parse("tokenizer_config.json");
        Assert.Equal(
            ("CLIPTokenizer", "<|startoftext|>", "<|endoftext|>", "<|endoftext|>"),
            (Text(clip, "tokenizer_class"), Text(clip, "bos_token"), Text(clip, "eos_token"), Text(Parse("special_tokens_map.json"), "pad_token")));

        // Nothing is marked in WordPiece's texts, so that rows have no [CLS] and a "[PAD]" in a caption stays text.
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
        var wordPiece = Parse("tokenizer_config.json");
        Assert.Equal(
            ("PreTrainedTokenizerFast", "[PAD]", "[UNK]", true),
            (Text(wordPiece, "tokenizer_class"), Text(wordPiece, "pad_token"), Text(wordPiece, "unk_token"), wordPiece["split_special_tokens"]!.GetValue<bool>()));
        Assert.Null(Parse("tokenizer.json")["post_processor"]);
        Assert.Empty(Parse("tokenizer.json")["added_tokens"]!.AsArray());
    }

    [Fact]
    public void The_length_of_a_row_is_said_for_libraries_that_cut_by_it()
    {
        SaveTiny(keepAll: true).Save(_folder.Path, 77);
        Assert.Equal(77, Parse("tokenizer_config.json")["model_max_length"]!.GetValue<int>());
        Assert.IsType<ClipBpeTokenizer>(Load());
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path, 32);
        Assert.Equal(32, Parse("tokenizer_config.json")["model_max_length"]!.GetValue<int>());
        Assert.IsType<WordPieceTokenizer>(Load());
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
        Assert.Null(Parse("tokenizer_config.json")["model_max_length"]);

        // What transformers writes where it knows no length.
        var file = _folder.File("tokenizer_config.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("{", "{\"model_max_length\": 1000000000000000019884624838656,", StringComparison.Ordinal));
        Assert.IsType<WordPieceTokenizer>(Load());
    }

    private ITokenizer Load() => TokenizerFactory.Load(_folder.Path);

    private ClipBpeTokenizer SaveTiny(bool keepAll = false)
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var tokenizer = ClipBpeTokenizer.Load(_folder.File("m.txt"));
        tokenizer.Save(_folder.Path);
        if (!keepAll)
        {
            KeepOnlyTokenizerFile();
        }

        return tokenizer;
    }

    private void KeepOnlyTokenizerFile()
    {
        foreach (var file in Directory.EnumerateFiles(_folder.Path).Where(file => Path.GetFileName(file) != "tokenizer.json"))
        {
            File.Delete(file);
        }
    }

    private void Change(Action<JsonNode> change)
    {
        var file = Parse("tokenizer.json");
        change(file);
        File.WriteAllText(_folder.File("tokenizer.json"), file.ToJsonString());
    }

    private JsonNode Parse(string name) => JsonNode.Parse(File.ReadAllText(_folder.File(name)))!;

    private static string Text(JsonNode file, string name) => file[name]!.GetValue<string>();

    private static void Set(JsonNode file, string place, JsonNode? value)
    {
        var names = place.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        foreach (var name in names[..^1])
        {
            file = int.TryParse(name, out var i) ? file[i]! : file[name]!;
        }

        _ = int.TryParse(names[^1], out var last) ? file[last] = value : file[names[^1]] = value;
    }

    private void AssertRefused(string expected)
    {
        var error = Assert.Throws<VocabularyException>(Load);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Text, JsonElement Item)> Golden(string name)
    {
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden(name)));
        foreach (var item in fixture.RootElement.GetProperty("items").EnumerateArray())
        {
            yield return (item.GetProperty("text").GetString()!, item);
        }
    }
}
