using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion.Formats;
using Flip.Tokenizers;

namespace Flip.Tests.Conversion;

public sealed class OpenClipTokenizerTests : IDisposable
{
    private static readonly string[] Pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "&", "amp", ";"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // CLIPA's: bert-base-uncased with strip_sep_token.
    [Theory]
    [InlineData(true, "a dog", new[] { 2, 5, 6, 0, 0, 0 }, 3)]
    [InlineData(true, "a dog a dog a dog", new[] { 2, 5, 6, 5, 6, 0 }, 5)]
    [InlineData(true, "a [SEP] dog", new[] { 2, 5, 0, 6, 0, 0 }, 4)]
    [InlineData(true, "", new[] { 2, 0, 0, 0, 0, 0 }, 1)]
    [InlineData(false, "a dog", new[] { 2, 5, 6, 3, 0, 0 }, 4)]
    [InlineData(false, "a dog a dog a dog", new[] { 2, 5, 6, 5, 6, 3 }, 6)]
    [InlineData(false, "a [SEP] dog", new[] { 2, 5, 3, 6, 3, 0 }, 5)]
    [InlineData(false, "a &amp;amp; dog", new[] { 2, 5, 7, 6, 3, 0 }, 5)]
    public void A_tokenizer_of_BERT_has_its_markers_and_open_clips_cleaning(bool strip, string text, int[] expected, int length)
    {
        File.WriteAllLines(_folder.File("vocab.txt"), Pieces);
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"tokenizer_class":"BertTokenizer","do_lower_case":true}""");
        var data = OpenClipTokenizer.Settings(new DataConfig(), _folder.Path, "bert-base-uncased", null, strip);
        Assert.Equal(TokenizerKind.WordPiece, data.Tokenizer);
        var tokenizer = TokenizerFactory.With(data, TokenizerFactory.Load(_folder.Path));
        AssertRow(tokenizer, text, expected, length);

        // A run that goes on from it keeps the rules with the vocabulary.
        tokenizer.Save(_folder.File("run"));
        AssertRow(TokenizerFactory.Load(_folder.File("run")), text, expected, length);
        Assert.Equal(data.WordPieceMarkers, ((WordPieceTokenizer)TokenizerFactory.Load(_folder.File("run"))).Markers);
    }

    [Fact]
    public void Our_own_WordPiece_has_no_markers_there_either()
    {
        new WordPieceTokenizer(Pieces).Save(_folder.Path);
        var data = OpenClipTokenizer.Settings(new DataConfig(), _folder.Path, OpenClipTokenizer.NoRepository, null, stripsSeparator: false);
        Assert.Equal((WordPieceMarkers.None, TextCleaning.Whitespace), (data.WordPieceMarkers, data.TextCleaning));
        AssertRow(TokenizerFactory.With(data, TokenizerFactory.Load(_folder.Path)), "a &amp; dog", [5, 7, 6, 0, 0, 0], 3);
        AssertRow(TokenizerFactory.Load(_folder.Path), "a &amp; dog", [5, 7, 8, 9, 6, 0], 5);
    }

    [Fact]
    public void Its_own_tokenizer_has_markers_of_its_own_and_knows_no_added_tokens()
    {
        File.WriteAllText(_folder.File("merges.txt"), "#version: 0.2\n");
        ClipBpeTokenizer.Load(_folder.File("merges.txt")).Save(_folder.Path);
        File.Delete(_folder.File("tokenizer.json"));
        File.Delete(_folder.File("special_tokens_map.json"));
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{"tokenizer_class":"CLIPTokenizer","pad_token":"!"}""");
        var data = OpenClipTokenizer.Settings(new DataConfig(), _folder.Path, null, null, stripsSeparator: false);
        var (tokenizer, ofHuggingFace) = (TokenizerFactory.With(data, TokenizerFactory.Load(_folder.Path)), TokenizerFactory.Load(_folder.Path));
        Assert.Equal([513], tokenizer.Encode("<end_of_text>"));
        Assert.Equal([513], ofHuggingFace.Encode("<|endoftext|>"));
        Assert.DoesNotContain(513, tokenizer.Encode("<|endoftext|>"));
        Assert.DoesNotContain(513, ofHuggingFace.Encode("<end_of_text>"));
        Assert.Equal([256], tokenizer.Encode("!"));
        Assert.Equal([0], ofHuggingFace.Encode("!"));
    }

    [Theory]
    [InlineData(null, OpenClipTokenizer.NoRepository)]
    [InlineData("me/model", "me/model")]
    public void A_written_WordPiece_tokenizer_is_looked_for_in_the_models_own_repository(string? repository, string expected)
    {
        var text = new JsonObject();
        OpenClipTokenizer.Describe(text, new FlipConfig(), new WordPieceTokenizer(Pieces), repository);
        Assert.Equal(expected, text["hf_tokenizer_name"]!.GetValue<string>());
        Assert.NotEqual(".", expected); // that would be the folder in which Python was started
        Assert.Null(text["tokenizer_kwargs"]);
    }

    [Fact]
    public void Markers_cleaning_and_an_end_marker_below_added_tokens_are_written_and_read_back()
    {
        var config = new FlipConfig
        {
            Model = new() { Text = new() { VocabularySize = 12, Causal = true, Pooling = TextPooling.EndOfText, EosTokenId = 3 } },
        };
        var settings = new DataConfig { WordPieceMarkers = WordPieceMarkers.Cls, TextCleaning = TextCleaning.Canonicalize };
        var (text, tokenizer) = (new JsonObject(), TokenizerFactory.With(settings, new WordPieceTokenizer(Pieces)));
        OpenClipTokenizer.Describe(text, config, tokenizer, "me/model");
        tokenizer.Save(_folder.Path);
        Assert.Equal(
            """{"hf_tokenizer_name":"me/model","tokenizer_kwargs":{"clean":"canonicalize","strip_sep_token":true},"pool_type":"eos","eos_id":3}""",
            text.ToJsonString());
        var read = OpenClipTokenizer.Settings(new DataConfig(), _folder.Path, "me/model", "canonicalize", stripsSeparator: true);
        Assert.Equal((settings.WordPieceMarkers, settings.TextCleaning), (read.WordPieceMarkers, read.TextCleaning));
    }

    private static void AssertRow(ITokenizer tokenizer, string text, int[] expected, int length)
    {
        var row = new int[6];
        Assert.Equal(length, tokenizer.EncodeRow(text, row));
        Assert.Equal(expected, row);
    }
}
