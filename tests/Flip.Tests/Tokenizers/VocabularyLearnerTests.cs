using Flip.Randomness;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

public class VocabularyLearnerTests
{
    [Fact]
    public void The_most_frequent_pairs_are_merged_first()
    {
        // Pairs: b+##c 5, ##c+##d 5 -> "bc" first (its ids are lower), then "bcd" 5, then x+##y 3, "##z" on "xy" 2.
        var pieces = VocabularyLearner.Learn(["bcd bcd BCD, bcd! bcd", "xyz xyz xy q"], 300);
        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "!"], pieces.Take(6));
        Assert.Equal(["bc", "bcd", "xy", "xyz"], pieces.SkipWhile(piece => piece != "bc"));
    }

    [Fact]
    public void Frequent_words_become_one_piece_and_unseen_ones_are_never_unknown()
    {
        var tokenizer = new WordPieceTokenizer(VocabularyLearner.Learn(Captions(2000), 400));
        Assert.Single(tokenizer.Encode("triangle"));
        Assert.Equal(4, tokenizer.Encode("A red circle.").Count);
        Assert.DoesNotContain(1, tokenizer.Encode("Itap of a zebra's #7 {c} in C++!?"));
        Assert.Contains(1, tokenizer.Encode("狗"));
    }

    [Fact]
    public void The_order_of_captions_does_not_matter() =>
        Assert.Equal(VocabularyLearner.Learn(Captions(500), 350), VocabularyLearner.Learn(Captions(500).Reverse(), 350));

    [Fact]
    public void A_large_alphabet_leaves_places_for_words_and_keeps_to_the_size()
    {
        var ideographs = Enumerable.Range(0x4E00, 2000).Select(c => $"{(char)c}");
        var letters = Enumerable.Range(0xAC00, 2000).Select(c => $"x{(char)c} dog dog");
        var pieces = VocabularyLearner.Learn(ideographs.Concat(letters), 400);
        Assert.InRange(pieces.Count, 300, 400);
        Assert.Contains("dog", pieces);
        Assert.Equal(pieces.Count, pieces.Distinct().Count());
    }

    [Fact]
    public void Real_captions_are_split_into_few_pieces()
    {
        var fixture = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(SharedData.Golden("wordpiece.json")));
        var captions = fixture.RootElement.GetProperty("items").EnumerateArray().Take(40).Select(item => item.GetProperty("text").GetString()!).ToList();
        var tokenizer = new WordPieceTokenizer(VocabularyLearner.Learn(captions, 600));
        var words = captions.Sum(caption => caption.Split(' ').Length);
        Assert.InRange(captions.Sum(caption => tokenizer.Encode(caption).Count) / (double)words, 1.0, 2.0);
    }

    [Fact]
    public void No_captions_and_enormous_words_are_no_trouble()
    {
        Assert.Equal(VocabularyLearner.Learn([], 300), VocabularyLearner.Learn([new string('a', 1 << 20), "", "\ud800"], 300));
        Assert.Throws<ArgumentOutOfRangeException>(() => VocabularyLearner.Learn([], 10));
    }

    [Fact]
    public void Learning_stops_when_it_is_canceled_while_captions_are_read_and_afterwards()
    {
        foreach (var last in new[] { 10, 500 })
        {
            using var source = new CancellationTokenSource();
            var read = 0;
            var captions = Captions(500).Select(caption =>
            {
                if (++read == last)
                {
                    source.Cancel();
                }

                return caption;
            });
            Assert.Throws<OperationCanceledException>(() => VocabularyLearner.Learn(captions, 400, cancellation: source.Token));
            Assert.Equal(last, read);
        }
    }

    private static IEnumerable<string> Captions(int count)
    {
        string[] colors = ["red", "green", "blue"], shapes = ["circle", "square", "triangle"];
        for (var i = 0; i < count; i++)
        {
            var random = new CounterRandom(3, RandomPurpose.Scene, 0, i);
            yield return $"a {colors[random.NextInt(3)]} {shapes[random.NextInt(3)]}.";
        }
    }
}
