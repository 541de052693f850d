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
    [InlineData("""{"tokenizer_class":"BertTokenizer","do_lower_case":false}""", "cased")]
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
}
