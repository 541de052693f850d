using System.Diagnostics;
using System.Text.Json;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

/// <summary>SentencePiece against spm_encode 0.1.97 (tests/Golden/sentencepiece), and the rows that SigLIP reads.</summary>
public sealed class SentencePieceTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("unigram")]
    [InlineData("bpe")]
    public void Ids_equal_those_of_spm_encode(string name)
    {
        var tokenizer = Bare(name);
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("sentencepiece/golden.json")));
        var rows = golden.RootElement.GetProperty("texts").EnumerateArray().Zip(golden.RootElement.GetProperty(name).EnumerateArray()).ToList();
        Assert.True(rows.Count > 200);
        Assert.All(rows, row =>
        {
            var text = row.First.GetString()!;
            Assert.Equal((text, Shown(row.Second.EnumerateArray().Select(id => id.GetInt32()))), (text, Shown(tokenizer.Encode(text))));
        });
    }

    [Fact]
    public void SigLIPs_class_canonicalises_texts_and_fills_rows_with_the_end()
    {
        var tokenizer = Folder("unigram", "spiece.model", """{ "tokenizer_class": "SiglipTokenizer" }""");
        Assert.Equal((1, 1, 500), (tokenizer.EndOfTextId!.Value, tokenizer.PaddingId, tokenizer.VocabularySize));
        var (row, other) = (new int[12], new int[12]);
        var valid = tokenizer.EncodeRow("  A  PHOTO, of a... dog!", row);
        Assert.Equal(valid, tokenizer.EncodeRow("a photo of a dog", other));
        Assert.Equal(other, row);
        Assert.Equal([1, 1, 1], row[valid..].Prepend(row[valid - 1]).Take(3));
        Assert.Equal(tokenizer.Encode("a photo of a dog"), row[..(valid - 1)]);
    }

    [Fact]
    public void SigLIP_2s_texts_are_in_lower_case_and_its_rows_filled_with_padding()
    {
        var tokenizer = Folder("bpe", "tokenizer.model", """{ "tokenizer_class": "GemmaTokenizer", "eos_token": "</s>", "pad_token": "<pad>" }""");
        Assert.Equal((1, 0), (tokenizer.EndOfTextId!.Value, tokenizer.PaddingId));
        var row = new int[12];
        var valid = tokenizer.EncodeRow("A DOG, 12!", row);
        Assert.Equal(tokenizer.Encode("a dog, 12!"), row[..(valid - 1)]);
        Assert.Equal(1, row[valid - 1]);
        Assert.All(row[valid..], id => Assert.Equal(0, id));
        Assert.True(valid < row.Length);
    }

    [Fact]
    public void A_long_text_is_cut_before_the_end()
    {
        var tokenizer = Folder("unigram", "spiece.model", "{}");
        var row = new int[6];
        Assert.Equal(6, tokenizer.EncodeRow(string.Concat(Enumerable.Repeat("a photo of a dog ", 20)), row));
        Assert.Equal([.. tokenizer.Encode("a photo of a dog a photo of a dog").Take(5), 1], row);
        Assert.Equal(1, tokenizer.EncodeRow(string.Empty, row));
        Assert.All(row, id => Assert.Equal(1, id));
    }

    [Fact]
    public void open_clips_cleaning_comes_first()
    {
        var tokenizer = TokenizerFactory.With(
            new DataConfig { Tokenizer = TokenizerKind.SentencePiece, TextCleaning = TextCleaning.Canonicalize }, Folder("unigram", "spiece.model", """{ "tokenizer_class": "T5Tokenizer" }"""));
        Assert.Equal(tokenizer.Encode("a dog and a cat"), tokenizer.Encode("A_dog &amp; and a  cat!"));
        var plain = Folder("unigram", "spiece.model", """{ "tokenizer_class": "T5Tokenizer" }""");
        Assert.NotEqual(plain.Encode("a dog"), plain.Encode("A dog!"));
    }

    [Theory]
    [InlineData("unigram", "spiece.model")]
    [InlineData("bpe", "tokenizer.model")]
    public void What_is_saved_is_read_back(string name, string file)
    {
        var tokenizer = TokenizerFactory.With(
            new DataConfig { Tokenizer = TokenizerKind.SentencePiece, TextCleaning = TextCleaning.Canonicalize }, Folder(name, file, "{}"));
        tokenizer.Save(_folder.File("saved"), contextLength: 64);
        var back = Assert.IsType<SentencePieceTokenizer>(TokenizerFactory.Load(_folder.File("saved")));
        Assert.Equal(TextCleaning.Canonicalize, back.Cleaning);
        Assert.Equal((tokenizer.PaddingId, tokenizer.EndOfTextId), (back.PaddingId, back.EndOfTextId));
        Assert.All(["A photo, of a DOG", "犬😀 <mask>", ""], text => Assert.Equal(tokenizer.Encode(text), back.Encode(text)));
    }

    [Theory]
    [InlineData("a photo of a dog")]
    [InlineData("犬の写真 😀 ß")]
    public void Byte_pairs_become_their_text_again(string text) => Assert.Equal(text, Bare("bpe").Decode(Bare("bpe").Encode(text)));

    [Fact]
    public void Unigram_pieces_become_their_text_again()
    {
        var tokenizer = Bare("unigram");
        Assert.Equal("a photo of a dog", tokenizer.Decode([.. tokenizer.Encode("a photo  of a dog "), 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([500]));
    }

    [Theory]
    [InlineData("unigram")]
    [InlineData("bpe")]
    public void A_text_without_blanks_takes_no_quadratic_time(string name)
    {
        var tokenizer = Bare(name);
        var watch = Stopwatch.StartNew();
        Assert.NotEmpty(tokenizer.Encode(new string('o', 50_000)));
        Assert.NotEmpty(tokenizer.Encode(string.Concat(Enumerable.Repeat("photo", 10_000))));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20)); // quadratic, it would be minutes
    }

    [Fact]
    public void A_lone_surrogate_is_a_replacement_character() => Assert.Equal(Bare("bpe").Encode("a\ufffdb"), Bare("bpe").Encode("a\ud800b"));

    [Fact]
    public void The_settings_name_a_model_file_or_its_folder()
    {
        File.Copy(SharedData.Golden("sentencepiece/bpe.model"), _folder.File("mine.model"));
        var data = new DataConfig { Tokenizer = TokenizerKind.SentencePiece, Vocabulary = _folder.File("mine.model") };
        Assert.Equal(900, TokenizerFactory.Create(data, () => []).VocabularySize);
        Assert.Contains(
            "spiece.model", Assert.Throws<ConfigException>(() => TokenizerFactory.Create(data with { Vocabulary = null }, () => [])).Message, StringComparison.Ordinal);
        Folder("bpe", "tokenizer.model", "{}");
        var error = Assert.Throws<ConfigException>(() => TokenizerFactory.Create(new DataConfig { Vocabulary = _folder.Path }, () => []));
        Assert.Contains("holds a SentencePiece model", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The model alone: no case is changed and nothing is removed before it.</summary>
    private SentencePieceTokenizer Bare(string name) => Folder(name, "spiece.model", """{ "tokenizer_class": "T5Tokenizer", "do_lower_case": false }""");

    private SentencePieceTokenizer Folder(string name, string file, string description)
    {
        File.Copy(SharedData.Golden($"sentencepiece/{name}.model"), _folder.File(file), overwrite: true);
        File.WriteAllText(_folder.File("tokenizer_config.json"), description);
        return Assert.IsType<SentencePieceTokenizer>(TokenizerFactory.Load(_folder.Path));
    }

    private static string Shown(IEnumerable<int> ids) => string.Join(' ', ids);
}
