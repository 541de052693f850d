using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public sealed class TokenizerFactoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_vocabulary_one_is_learnt_and_saved_with_its_variant()
    {
        var data = new DataConfig { LearnedVocabularySize = 300, WordPieceVariant = WordPieceVariant.TfText };
        var learnt = TokenizerFactory.Create(data, () => ["a dog", "a dog", "a cat ß"]);
        learnt.Save(_folder.Path);
        var loaded = Assert.IsType<WordPieceTokenizer>(TokenizerFactory.Load(_folder.Path));
        Assert.Equal(WordPieceVariant.TfText, loaded.Variant);
        Assert.Equal(learnt.VocabularySize, loaded.VocabularySize);
        Assert.Equal(learnt.Encode("A dog and STRAẞE"), loaded.Encode("A dog and STRAẞE"));

        // The saved folder serves as a vocabulary for another run as well; then nothing is learnt.
        var given = TokenizerFactory.Create(data with { Vocabulary = _folder.Path }, () => throw new InvalidOperationException());
        Assert.Equal(learnt.Encode("a dog"), given.Encode("a dog"));
    }

    [Fact]
    public void Byte_pair_encoding_is_saved_and_read_back()
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nd o\ndo g</w>\n");
        var data = new DataConfig { Tokenizer = TokenizerKind.ClipBpe, Vocabulary = _folder.File("m.txt") };
        var tokenizer = TokenizerFactory.Create(data, () => []);
        tokenizer.Save(_folder.File("model"));
        var loaded = Assert.IsType<ClipBpeTokenizer>(TokenizerFactory.Load(_folder.File("model")));
        Assert.Equal(tokenizer.Encode("a DOG"), loaded.Encode("a DOG"));
        Assert.Equal(tokenizer.EndOfTextId, loaded.EndOfTextId);
    }

    [Fact]
    public void A_missing_vocabulary_is_a_clear_error()
    {
        var missing = _folder.File("none.txt");
        var error = Assert.Throws<VocabularyException>(() => TokenizerFactory.Create(new DataConfig { Vocabulary = missing }, () => []));
        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
        Assert.Contains("no such file", error.Message, StringComparison.Ordinal);
        Assert.Contains("vocab.txt, merges.txt or tokenizer.json", Assert.Throws<VocabularyException>(() => TokenizerFactory.Load(_folder.Path)).Message, StringComparison.Ordinal);
        var clip = new DataConfig { Tokenizer = TokenizerKind.ClipBpe };
        Assert.Contains("data.vocabulary", Assert.Throws<ConfigException>(() => TokenizerFactory.Create(clip, () => [])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"tokenizer_class":"T5Tokenizer"}""", "'T5Tokenizer'")]
    [InlineData("""{"tokenizer_class":""", "no valid description")]
    public void A_tokenizer_of_another_kind_is_refused(string description, string expected)
    {
        File.WriteAllText(_folder.File("tokenizer_config.json"), description);
        File.WriteAllText(_folder.File("vocab.txt"), "[UNK]\na\n");
        Assert.Contains(expected, Assert.Throws<VocabularyException>(() => TokenizerFactory.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_Hugging_Face_is_read()
    {
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"tokenizer_class":"BertTokenizerFast","do_lower_case":true,"model_max_length":512}""");
        File.WriteAllText(_folder.File("vocab.txt"), "[PAD]\n[UNK]\na\n");
        Assert.Equal([2, 1], TokenizerFactory.Load(_folder.Path).Encode("A b"));
    }

    [Theory]
    [InlineData("""{"tokenizer_class":"BertTokenizer"}""", new[] { 2, 2, 1, 4 })]
    [InlineData("""{"tokenizer_class":"BertTokenizer","do_lower_case":false}""", new[] { 2, 3, 5, 1 })]
    [InlineData("""{"tokenizer_class":"BertTokenizer","strip_accents":false}""", new[] { 2, 2, 5, 4 })]
    [InlineData("""{"tokenizer_class":"BertTokenizer","tokenize_chinese_chars":false}""", new[] { 2, 2, 1, 4 })]
    public void Case_and_accents_are_kept_where_the_description_says_so(string description, int[] expected)
    {
        File.WriteAllText(_folder.File("tokenizer_config.json"), description);
        File.WriteAllText(_folder.File("vocab.txt"), "[PAD]\n[UNK]\na\nA\nb\ncafé\n中文\n中\n文\n");
        var tokenizer = TokenizerFactory.Load(_folder.Path);
        Assert.Equal(expected, tokenizer.Encode("a A café B"));
        Assert.Equal(description.Contains("chinese", StringComparison.Ordinal) ? [6] : [7, 8], tokenizer.Encode("中文"));

        // The written file says it, whatever the description beside it.
        tokenizer.Save(_folder.File("again"));
        File.Delete(_folder.File("again/vocab.txt"));
        Assert.Equal(expected, TokenizerFactory.Load(_folder.File("again")).Encode("a A café B"));
    }

    [Fact]
    public void The_tokenizers_own_file_comes_before_the_vocabulary_beside_it()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
        File.WriteAllText(_folder.File("vocab.txt"), "[PAD]\n[UNK]\nx\na\n");
        Assert.Equal([2], TokenizerFactory.Load(_folder.Path).Encode("a"));
        Assert.Equal([2], TokenizerFactory.Create(new DataConfig { Vocabulary = _folder.Path }, () => []).Encode("a"));
        Assert.Equal([3], TokenizerFactory.Create(new DataConfig { Vocabulary = _folder.File("vocab.txt") }, () => []).Encode("a"));
    }

    [Fact]
    public void Markers_and_cleaning_are_settings_of_a_training()
    {
        File.WriteAllText(_folder.File("v.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n");
        var data = new DataConfig { Vocabulary = _folder.File("v.txt"), WordPieceMarkers = WordPieceMarkers.ClsSep, TextCleaning = TextCleaning.Canonicalize };
        var tokenizer = TokenizerFactory.Create(data, () => []);
        var row = new int[5];
        Assert.Equal(3, tokenizer.EncodeRow("a!", row));
        Assert.Equal([2, 4, 3, 0, 0], row);
        Assert.Equal(3, tokenizer.EndOfTextId);
        tokenizer.Save(_folder.File("run"));
        Assert.Equal(3, TokenizerFactory.Load(_folder.File("run")).EncodeRow("a!", row));
        File.WriteAllText(_folder.File("v.txt"), "[PAD]\n[UNK]\na\n");
        Assert.Contains("no [CLS]", Assert.Throws<VocabularyException>(() => TokenizerFactory.Create(data, () => [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Added_tokens_are_cut_out_where_markers_are_text()
    {
        new WordPieceTokenizer(["[PAD]", "[UNK]", "[SEP]", "[", "]", "sep", "a", "<", ">", "x"]).Save(_folder.Path);
        File.Delete(_folder.File("tokenizer_config.json"));
        File.WriteAllText(_folder.File("special_tokens_map.json"), """{"sep_token":"[SEP]","additional_special_tokens":["<x>"]}""");
        var tokenizer = TokenizerFactory.Load(_folder.Path);
        Assert.Equal([3, 5, 4, 10, 6], tokenizer.Encode("[SEP]<x>a"));
        tokenizer.Save(_folder.File("again"));
        Assert.Equal([3, 5, 4, 10, 6], TokenizerFactory.Load(_folder.File("again")).Encode("[SEP]<x>a"));
    }
}
