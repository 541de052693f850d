using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class TokenizerFileTests : IDisposable
{
    private readonly TokenizerFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CLIPs_encoding_is_read_from_tokenizer_json_alone()
    {
        ClipBpeTokenizer.Load(SharedData.Require("vocab/clip-bpe-16e6.txt.gz")).Save(_folder.Path);
        _folder.KeepOnlyTokenizerFile();
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
        _folder.KeepOnlyTokenizerFile();
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
        var expected = _folder.SaveTiny().Encode("lower <|endoftext|> it's");
        _folder.Change(file =>
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
        Assert.Equal(expected, _folder.Load().Encode("lower <|endoftext|> it's"));
    }

    [Fact]
    public void A_published_file_of_BERT_is_read_without_its_markers_and_with_its_longest_word()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "a", "##a", "cafe"]).Save(_folder.Path);
        _folder.Change(file =>
        {
            file["normalizer"]!["strip_accents"] = null;
            file["added_tokens"] = JsonNode.Parse("""[{"id":0,"content":"[PAD]"},{"id":1,"content":"[UNK]"},{"id":2,"content":"[CLS]"}]""");
            file["post_processor"] = JsonNode.Parse("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]"}},{"Sequence":{"id":"A"}}]}""");
            file["model"]!.AsObject().Remove("max_input_chars_per_word");
        });
        Assert.Equal([5, 3], _folder.Load().Encode("Café A"));
        Assert.Equal(100, _folder.Load().Encode(new string('a', 100)).Count);
        Assert.Equal([1], _folder.Load().Encode(new string('a', 101)));

        // What was read is what is written.
        var again = _folder.File("again");
        _folder.Load().Save(again);
        Assert.Equal([1], TokenizerFactory.Load(again).Encode(new string('a', 101)));
    }

    [Fact]
    public void The_steps_of_TensorFlow_Text_are_read_by_their_name_only()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "ss"], WordPieceVariant.TfText).Save(_folder.Path);
        File.Delete(_folder.File("vocab.txt"));
        Assert.Equal([2], TokenizerFactory.Load(_folder.Path).Encode("ß"));
        File.Delete(_folder.File("tokenizer_config.json"));
        _folder.AssertRefused("normalizer.type is \"Sequence\", expected \"BertNormalizer\"");
    }

    [Fact]
    public void A_run_takes_its_vocabulary_from_tokenizer_json()
    {
        var expected = _folder.SaveTiny().Encode("lower");
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
        _folder.SaveTiny(keepAll: true);
        var clip = _folder.Parse("tokenizer_config.json");
        Assert.Equal(
            ("CLIPTokenizer", "<|startoftext|>", "<|endoftext|>", "<|endoftext|>"),
            (Text(clip, "tokenizer_class"), Text(clip, "bos_token"), Text(clip, "eos_token"), Text(_folder.Parse("special_tokens_map.json"), "pad_token")));

        // Nothing is marked in WordPiece's texts, so that rows have no [CLS] and a "[PAD]" in a caption stays text.
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
        var wordPiece = _folder.Parse("tokenizer_config.json");
        Assert.Equal(
            ("PreTrainedTokenizerFast", "[PAD]", "[UNK]", true),
            (Text(wordPiece, "tokenizer_class"), Text(wordPiece, "pad_token"), Text(wordPiece, "unk_token"), wordPiece["split_special_tokens"]!.GetValue<bool>()));
        Assert.Null(_folder.Parse("tokenizer.json")["post_processor"]);
        Assert.Empty(_folder.Parse("tokenizer.json")["added_tokens"]!.AsArray());
    }

    [Fact]
    public void The_length_of_a_row_is_said_for_libraries_that_cut_by_it()
    {
        _folder.SaveTiny(keepAll: true).Save(_folder.Path, 77);
        Assert.Equal(77, _folder.Parse("tokenizer_config.json")["model_max_length"]!.GetValue<int>());
        Assert.IsType<ClipBpeTokenizer>(_folder.Load());
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path, 32);
        Assert.Equal(32, _folder.Parse("tokenizer_config.json")["model_max_length"]!.GetValue<int>());
        Assert.IsType<WordPieceTokenizer>(_folder.Load());
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
        Assert.Null(_folder.Parse("tokenizer_config.json")["model_max_length"]);

        // What transformers writes where it knows no length.
        var file = _folder.File("tokenizer_config.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("{", "{\"model_max_length\": 1000000000000000019884624838656,", StringComparison.Ordinal));
        Assert.IsType<WordPieceTokenizer>(_folder.Load());
    }

    private static string Text(JsonNode file, string name) => file[name]!.GetValue<string>();

    private static IEnumerable<(string Text, JsonElement Item)> Golden(string name)
    {
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden(name)));
        foreach (var item in fixture.RootElement.GetProperty("items").EnumerateArray())
        {
            yield return (item.GetProperty("text").GetString()!, item);
        }
    }
}
