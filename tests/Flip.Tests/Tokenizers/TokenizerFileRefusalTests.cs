using System.Text.Json.Nodes;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class TokenizerFileRefusalTests : IDisposable
{
    private readonly TokenizerFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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
    [InlineData("model.type", "\"WordLevel\"", "its model is \"WordLevel\"")]
    [InlineData("model.type", "\"Unigram\"", "has no model.unk_id")]
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
        _folder.SaveTiny();
        _folder.Change(file => Set(file, place, JsonNode.Parse(value)));
        _folder.AssertRefused(expected);
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
        _folder.KeepOnlyTokenizerFile();
        _folder.Change(file => Set(file, place, JsonNode.Parse(value)));
        _folder.AssertRefused(expected);
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
        _folder.AssertRefused(expected);
    }

    private static void Set(JsonNode file, string place, JsonNode? value)
    {
        var names = place.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        foreach (var name in names[..^1])
        {
            file = int.TryParse(name, out var i) ? file[i]! : file[name]!;
        }

        _ = int.TryParse(names[^1], out var last) ? file[last] = value : file[names[^1]] = value;
    }
}
