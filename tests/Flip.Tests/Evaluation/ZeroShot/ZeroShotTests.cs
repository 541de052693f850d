using Flip.Config;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.ZeroShot;

namespace Flip.Tests.Evaluation.ZeroShot;

public class ZeroShotTests
{
    private static readonly string[] Plain = ["{c}"];
    private readonly WordTokenizer _tokenizer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_class_is_the_mean_of_its_prompts_at_length_1()
    {
        var encoder = Encoder(2, text: text => text switch
        {
            "a cat" => [1, 0],
            "the cat, a cat" => [0.6f, 0.8f],
            "a dog" => [0, 1],
            "the dog, a dog" => [0, -1],
            _ => throw new ArgumentException(text),
        });
        var classifier = ZeroShotClassifier.Build(
            encoder, _tokenizer, ClassPrompts.OfTemplates(["cat", "dog"], ["a {c}", "the {c}, a {c}"]), batchSize: 3, Cancellation);

        // (1.6, 0.8) / √3.2; the dog's two cancel out and stay 0.
        Assert.Equal([0.894427191f, 0.4472135955f, 0f, 0f], classifier.Weights);
        Assert.Equal([3, 1], encoder.TextBatches);
        Assert.Equal(2, classifier.EmbedDim);
    }

    [Fact]
    public void Classes_with_unequally_many_prompts_are_each_the_mean_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "prompts.json");
        File.WriteAllText(file, """{"dog": ["x", "y", "y"], "cat": ["y"]}""");
        var encoder = Encoder(2, text: text => text == "x" ? [1, 0] : [0, 1]);
        var classifier = ZeroShotClassifier.Build(encoder, _tokenizer, ClassPrompts.OfFile(file, ["cat", "dog"]), batchSize: 3, Cancellation);
        Assert.Equal([0, 1, 0.447213595f, 0.894427191f], classifier.Weights);
    }

    [Fact]
    public void Accuracy_is_counted_by_hand()
    {
        var evaluator = Evaluator([0, 1, 2, 3, 1, 6], [0, 1, 1, 3, 0, 0], classes: 7);
        var result = evaluator.Classify(NearestClass(7), Cancellation);
        Assert.Equal([0, 1, 2, 3, 1, 6], result.Predictions.Select(image => image.Predicted));

        // Image 2 is nearest to 2, then 1 and 3 alike, of which 1 is the first. Image 4: 1, 0, 2. Image 5: 6, 5, 4, 3, 2, 1, 0.
        Assert.Equal([1, 1, 2, 1, 2, 7], result.Predictions.Select(image => image.Rank));
        var numbers = evaluator.Evaluate(NearestClass(7), Cancellation);
        Assert.Equal(3 / 6.0, numbers["zeroShot/top1"]);
        Assert.Equal(5 / 6.0, numbers["zeroShot/top5"]);
        Assert.Equal(1 / 7.0, numbers["zeroShot/chance"], 12);
        Assert.Equal(5 / 7.0, numbers["zeroShot/chanceTop5"], 12);

        // Class 0: 1 of 3, class 1: 1 of 2, class 3: 1 of 1; the others have no image and do not count.
        Assert.Equal(((1 / 3.0) + (1 / 2.0) + 1) / 3, numbers["zeroShot/meanPerClass"], 12);
        Assert.Equal(new ClassScore("0", 3, 1), result.PerClass()[0]);
        Assert.Equal(0.5, result.PerClass()[1].Accuracy);
        Assert.Null(result.PerClass()[2].Accuracy);
    }

    [Fact]
    public void Batches_of_images_and_texts_do_not_show()
    {
        byte[] images = [5, 3, 2, 6, 1, 0, 0, 4, 2];
        int[] labels = [5, 2, 2, 0, 1, 4, 0, 4, 3];
        var expected = Evaluator(images, labels, 7).Classify(NearestClass(7), Cancellation);
        var actual = Evaluator(images, labels, 7, batchSize: 2).Classify(NearestClass(7), Cancellation);
        Assert.Equal(expected.Predictions.Select(image => (image.Predicted, image.Rank)), actual.Predictions.Select(image => (image.Predicted, image.Rank)));
    }

    [Fact]
    public void Equal_scores_go_to_the_first_class()
    {
        var encoder = Encoder(2, _ => [1, 0], _ => [1, 0]);
        var result = Evaluator([0, 0, 0], [0, 1, 2], classes: 3).Classify(encoder, Cancellation);
        Assert.Equal([0, 0, 0], result.Predictions.Select(image => image.Predicted));
        Assert.Equal([1, 2, 3], result.Predictions.Select(image => image.Rank));
    }

    [Fact]
    public void Top_5_of_fewer_classes_is_1_and_so_is_its_chance()
    {
        var numbers = Evaluator([0, 1, 2], [2, 2, 0], classes: 3).Evaluate(NearestClass(3), Cancellation);
        Assert.Equal(0, numbers["zeroShot/top1"]);
        Assert.Equal(1, numbers["zeroShot/top5"]);
        Assert.Equal(1, numbers["zeroShot/chanceTop5"]);
    }

    [Fact]
    public void A_label_without_a_class_is_refused_before_any_work()
    {
        var error = Assert.Throws<ConfigException>(() => Evaluator([0, 1], [0, 3], classes: 3));
        Assert.Equal("Image 1 has the label 3, but there are 3 class names: 0 to 2.", error.Message);
        Assert.Throws<ConfigException>(() => Evaluator([], [], classes: 3));
    }

    [Theory]
    [InlineData(new byte[] { 0, 1, 2 }, "There are more images than the 2 labels.")]
    [InlineData(new byte[] { 0 }, "There are 1 images for 2 labels.")]
    public void A_wrong_number_of_images_is_an_error(byte[] images, string message)
    {
        var evaluator = Evaluator(images, [0, 1], classes: 3, batchSize: 2);
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => evaluator.Classify(NearestClass(3), Cancellation)).Message);
    }

    [Fact]
    public void A_model_that_gives_nan_does_not_look_perfect()
    {
        var evaluator = Evaluator([0], [0], classes: 2);
        var error = Assert.Throws<ArithmeticException>(() => evaluator.Classify(Encoder(1, _ => [float.NaN], _ => [1]), Cancellation));
        Assert.Equal("The image encoder gave NaN in an embedding: the weights are not usable.", error.Message);
    }

    [Fact]
    public void Images_of_another_size_are_refused()
    {
        (ReadOnlyMemory<byte>, int)[] images = [(new byte[12], 2)];
        var evaluator = new ZeroShotEvaluator(images, [0, 0], ClassPrompts.OfTemplates(["0", "1"], Plain), _tokenizer);
        var error = Assert.Throws<ArgumentException>(() => evaluator.Classify(NearestClass(2), Cancellation));
        Assert.StartsWith("2 images of 2×2×3 are 24 bytes, not 12.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_evaluation_stops()
    {
        var evaluator = Evaluator([0], [0], classes: 2);
        Assert.Throws<OperationCanceledException>(() => evaluator.Evaluate(NearestClass(2), new CancellationToken(canceled: true)));
    }

    // Image v is row v of a table of -|v - c|, class c the unit vector c.
    private TableEncoder NearestClass(int classes) => Encoder(
        classes,
        value => [.. Enumerable.Range(0, classes).Select(c => (float)-Math.Abs(value - c))],
        name => [.. Enumerable.Range(0, classes).Select(c => c == int.Parse(name, null) ? 1f : 0)]);

    private TableEncoder Encoder(int dim, Func<byte, float[]>? image = null, Func<string, float[]>? text = null) =>
        new(_tokenizer, dim, image ?? (_ => new float[dim]), text ?? (_ => new float[dim]));

    private ZeroShotEvaluator Evaluator(byte[] images, int[] labels, int classes, int batchSize = 100) => new(
        TableEncoder.Images(batchSize, images),
        labels,
        ClassPrompts.OfTemplates([.. Enumerable.Range(0, classes).Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture))], Plain),
        _tokenizer,
        batchSize);
}
