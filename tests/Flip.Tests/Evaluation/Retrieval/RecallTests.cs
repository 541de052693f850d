using System.Text.Json;
using Flip.Evaluation.Retrieval;
using Flip.Randomness;
using TorchSharp;

namespace Flip.Tests.Evaluation.Retrieval;

public class RecallTests
{
    // Texts 0, 1 belong to image 0, text 2 to image 1, texts 3, 4, 5 to image 2.
    private static readonly int[] Owners = [0, 0, 1, 2, 2, 2];

    [Theory]
    [InlineData("five captions per image")]
    [InlineData("uneven captions, shuffled")]
    public void Recall_equals_the_reference(string name)
    {
        var item = Case(name);
        var textToImage = item.GetProperty("textToImage").Deserialize<int[]>()!;
        var scores = item.GetProperty("scores").Deserialize<float[][]>()!;
        var result = Recall.OfScores([.. scores.SelectMany(row => row)], textToImage, scores[0].Length);
        var expected = item.GetProperty("expected");
        foreach (var k in (int[])[1, 5, 10])
        {
            Assert.Equal(expected.GetProperty($"text_retrieval_recall@{k}").GetDouble(), result.ImageToText.RecallAt(k));
            Assert.Equal(expected.GetProperty($"image_retrieval_recall@{k}").GetDouble(), result.TextToImage.RecallAt(k));
        }
    }

    [Fact]
    public void Ranks_are_counted_by_hand()
    {
        float[] scores =
        [
            0.9f, 0.1f, 0.2f, // text 0: image 0 first
            0.3f, 0.8f, 0.4f, // text 1: image 0 third
            0.7f, 0.6f, 0.5f, // text 2: image 1 second
            0.1f, 0.0f, 0.3f, // text 3: image 2 first
            0.2f, 0.3f, 0.1f, // text 4: image 2 third
            0.5f, 0.9f, 0.6f, // text 5: image 2 second
        ];
        var result = Recall.OfScores(scores, Owners, 3);
        Assert.Equal([1, 3, 2, 1, 3, 2], result.TextToImage.Ranks);

        // Image 1 sees 0.1 0.8 0.6 0 0.3 0.9: its text 2 is third. Image 2 sees 0.2 0.4 0.5 0.3 0.1 0.6: text 5 is first.
        Assert.Equal([1, 3, 1], result.ImageToText.Ranks);
        Assert.Equal(2 / 6.0, result.TextToImage.RecallAt(1));
        Assert.Equal(2 / 3.0, result.ImageToText.RecallAt(1));
        Assert.Equal(1, result.ImageToText.RecallAt(5));
        Assert.Equal(2, result.TextToImage.MedianRank());
        Assert.Equal(1, result.ImageToText.MedianRank());
        Assert.Equal(1.5, new RetrievalDirection([4, 1, 1, 2], [1, 1, 1, 1], 4).MedianRank());
    }

    [Fact]
    public void Of_equal_scores_the_first_item_counts_as_the_higher()
    {
        var result = Recall.OfScores(new float[18], Owners, 3);
        Assert.Equal([1, 3, 4], result.ImageToText.Ranks);
        Assert.Equal([1, 1, 2, 3, 3, 3], result.TextToImage.Ranks);
    }

    [Fact]
    public void Chance_is_exact_for_the_captions_there_are()
    {
        var result = Recall.OfScores(new float[18], Owners, 3);
        Assert.Equal(1 / 3.0, result.TextToImage.ChanceAt(1), 12);
        Assert.Equal(2 / 3.0, result.TextToImage.ChanceAt(2), 12);
        Assert.Equal(1, result.TextToImage.ChanceAt(10), 12);

        // One draw: 2/6, 1/6, 3/6. Two draws miss with C(4,2)/15, C(5,2)/15, C(3,2)/15 = 6/15, 10/15, 3/15.
        Assert.Equal(1 / 3.0, result.ImageToText.ChanceAt(1), 12);
        Assert.Equal(1 - (19 / 45.0), result.ImageToText.ChanceAt(2), 12);
        Assert.Equal(1, result.ImageToText.ChanceAt(6), 12);
    }

    [Fact]
    public void Chance_is_what_random_scores_reach()
    {
        var random = new CounterRandom(7, RandomPurpose.Evaluation);
        const int trials = 4000;
        double image = 0, text = 0;
        var chance = Recall.OfScores(new float[18], Owners, 3);
        for (var trial = 0; trial < trials; trial++)
        {
            var scores = new float[18];
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = random.NextSingle();
            }

            var result = Recall.OfScores(scores, Owners, 3);
            image += result.ImageToText.RecallAt(2) / trials;
            text += result.TextToImage.RecallAt(2) / trials;
        }

        // Standard errors are at most 0.5 / √(3 · 4000) = 0.005.
        Assert.Equal(chance.ImageToText.ChanceAt(2), image, 0.02);
        Assert.Equal(chance.TextToImage.ChanceAt(2), text, 0.02);
    }

    [Fact]
    public void Chunks_do_not_show_and_embeddings_give_what_their_scores_give()
    {
        const int images = 23;
        const int dim = 48;
        var owners = Enumerable.Range(0, images).SelectMany(image => Enumerable.Repeat(image, 1 + (image % 4))).Reverse().ToArray();
        var imageRows = Normals(1, images * dim);
        var textRows = Normals(2, owners.Length * dim);
        textRows.AsSpan(0, dim).CopyTo(textRows.AsSpan(5 * dim)); // equal captions of two images must tie in every chunking
        var scores = new float[owners.Length * images];
        for (var i = 0; i < scores.Length; i++)
        {
            var (text, image) = (i / images * dim, i % images * dim);
            scores[i] = (float)Enumerable.Range(0, dim).Sum(d => (double)textRows[text + d] * imageRows[image + d]);
        }

        var expected = Recall.OfScores(scores, owners, images);
        foreach (var scoresAtOnce in (int[])[1, 50, 100, 1000, int.MaxValue])
        {
            var result = Recall.OfEmbeddings(imageRows, textRows, dim, owners, scoresAtOnce);
            Assert.Equal(expected.ImageToText.Ranks, result.ImageToText.Ranks);
            Assert.Equal(expected.TextToImage.Ranks, result.TextToImage.Ranks);
        }
    }

    [Fact]
    public void No_tensor_outlives_the_ranking()
    {
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Recall.OfEmbeddings(Normals(1, 30), Normals(2, 30), 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], scoresAtOnce: 20);
        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Refused("Image 1 has no text.", () => Recall.OfScores(new float[4], [0, 0], 2));
        Refused("Text 1 belongs to image 2, but there are 2 images.", () => Recall.OfScores(new float[4], [0, 2], 2));
        Refused("There are no images to retrieve.", () => Recall.OfScores([], [], 0));
        Refused("2 texts and 2 images have 4 scores, not 3.", () => Recall.OfScores(new float[3], [0, 1], 2));
        Refused(
            "Expected rows of 3 numbers for 2 texts and all images, got 6 and 5.",
            () => Recall.OfEmbeddings(new float[5], new float[6], 3, [0, 1]));
    }

    private static void Refused(string message, Action action) =>
        Assert.StartsWith(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);

    private static float[] Normals(long item, int count)
    {
        var random = new CounterRandom(11, RandomPurpose.Evaluation, 0, item);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }

    private static JsonElement Case(string name)
    {
        using var fixture = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("retrieval.json")));
        return fixture.RootElement.GetProperty("cases").EnumerateArray()
            .Single(item => item.GetProperty("name").GetString() == name)
            .Clone();
    }
}
