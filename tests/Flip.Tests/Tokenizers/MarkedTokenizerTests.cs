using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public class MarkedTokenizerTests
{
    private static readonly ITokenizer Words = TokenizerFactory.Create(new DataConfig { LearnedVocabularySize = 256 }, () => ["a dog runs", "a cat sits"], CancellationToken.None);
    private static readonly MarkedTokenizer Marked = new(Words);

    [Fact]
    public void A_row_begins_and_ends_with_marks_that_no_text_has()
    {
        var ids = Words.Encode("a dog runs");
        var row = new int[ids.Count + 5];
        Assert.Equal(ids.Count + 2, Marked.EncodeRow("a dog runs", row));
        Assert.Equal([Marked.BeginId, .. ids, Marked.EndId, Words.PaddingId, Words.PaddingId, Words.PaddingId], row);
        Assert.True(Marked.BeginId >= Words.VocabularySize && Marked.EndId < Marked.VocabularySize);
    }

    [Fact]
    public void A_text_that_just_fits_has_its_end_and_one_that_is_cut_has_none()
    {
        var ids = Words.Encode("a dog runs");
        var row = new int[ids.Count + 2];
        Assert.Equal(row.Length, Marked.EncodeRow("a dog runs", row));
        Assert.Equal([Marked.BeginId, .. ids, Marked.EndId], row);
        Assert.Equal(row.Length, Marked.EncodeRow("a dog runs a dog", row));
        Assert.Equal([Marked.BeginId, .. Words.Encode("a dog runs a").Take(ids.Count + 1)], row);
    }

    [Fact]
    public void Marks_are_no_words() =>
        Assert.Equal("a dog", Marked.Decode([Marked.BeginId, .. Words.Encode("a dog"), Marked.EndId]));
}
