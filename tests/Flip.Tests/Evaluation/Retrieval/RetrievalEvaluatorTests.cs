using Flip.Config;
using Flip.Evaluation.Retrieval;

namespace Flip.Tests.Evaluation.Retrieval;

public class RetrievalEvaluatorTests
{
    private static readonly string[][] Captions = [["0", "1"], ["1"], ["3", "2", "2"]];
    private readonly WordTokenizer _tokenizer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void The_numbers_are_those_of_known_embeddings()
    {
        // Images 0, 1, 2 and texts "0" to "3" are unit vectors: a text scores 1 with the image of its number, else 0.
        var evaluator = new RetrievalEvaluator(TableEncoder.Images(2, 0, 1, 2), Captions, _tokenizer, batchSize: 4);
        var result = evaluator.Retrieve(Encoder(), Cancellation);

        // Texts 0 1 | 1 | 3 2 2. Text "1" of image 0 finds image 1 before it; "3" is like none, so image 2 comes third.
        Assert.Equal([1, 2, 1, 3, 1, 1], result.TextToImage.Ranks);

        // Image 1 finds text "1" of image 0 first, which is as like it as its own.
        Assert.Equal([1, 2, 1], result.ImageToText.Ranks);
        var numbers = evaluator.Evaluate(Encoder(), Cancellation);
        Assert.Equal(
            [
                "retrieval/imageToText/R@1", "retrieval/imageToText/R@5", "retrieval/imageToText/R@10",
                "retrieval/imageToText/chance R@1", "retrieval/imageToText/chance R@5", "retrieval/imageToText/chance R@10",
                "retrieval/imageToText/medianRank",
                "retrieval/textToImage/R@1", "retrieval/textToImage/R@5", "retrieval/textToImage/R@10",
                "retrieval/textToImage/chance R@1", "retrieval/textToImage/chance R@5", "retrieval/textToImage/chance R@10",
                "retrieval/textToImage/medianRank",
            ],
            numbers.Keys);
        Assert.Equal(2 / 3.0, numbers["retrieval/imageToText/R@1"]);
        Assert.Equal(4 / 6.0, numbers["retrieval/textToImage/R@1"]);
        Assert.Equal(1 / 3.0, numbers["retrieval/imageToText/chance R@1"], 12);
        Assert.Equal(1 / 3.0, numbers["retrieval/textToImage/chance R@1"], 12);
        Assert.Equal(1, numbers["retrieval/textToImage/medianRank"]);
    }

    [Fact]
    public void An_image_without_caption_is_refused()
    {
        Assert.Equal(
            "Image 1 of the retrieval set has no caption.",
            Assert.Throws<ConfigException>(() => new RetrievalEvaluator([], [["a"], []], _tokenizer)).Message);
        Assert.Equal(
            "There are no images to retrieve.", Assert.Throws<ConfigException>(() => new RetrievalEvaluator([], [], _tokenizer)).Message);
    }

    [Fact]
    public void A_wrong_number_of_images_is_an_error()
    {
        var evaluator = new RetrievalEvaluator(TableEncoder.Images(2, 0, 1), Captions, _tokenizer);
        Assert.Equal(
            "There are 2 images for 3 lists of captions.",
            Assert.Throws<InvalidDataException>(() => evaluator.Evaluate(Encoder(), Cancellation)).Message);
    }

    private TableEncoder Encoder() => new(_tokenizer, 4, value => Unit(value), text => Unit(int.Parse(text, null)));

    private static float[] Unit(int axis) => [.. Enumerable.Range(0, 4).Select(i => i == axis ? 1f : 0)];
}
