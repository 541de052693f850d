using System.Globalization;
using Flip.Data;
using Flip.Evaluation;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.ZeroShot;
using Flip.Models;

namespace Flip.Tests.Evaluation.DataSets;

/// <summary>Evaluations of embeddings that are known beforehand: an image is its first byte.</summary>
public sealed class DataSetEvaluatorTests
{
    private static readonly string[] Plain = ["{c}"];
    private static readonly string[][] Captions = [["0", "1"], ["1"], ["3", "2", "2"]];
    private readonly WordTokenizer _tokenizer = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Accuracy_is_counted_by_hand()
    {
        var result = Classify([0, 1, 2, 3, 1, 6], [0, 1, 1, 3, 0, 0], classes: 7);
        Assert.Equal([0, 1, 2, 3, 1, 6], result.Predictions.Select(image => image.Predicted));

        // Image 2 is nearest to 2, then 1 and 3 alike, of which 1 is the first. Image 4: 1, 0, 2. Image 5: 6, 5, 4, 3, 2, 1, 0.
        Assert.Equal([1, 1, 2, 1, 2, 7], result.Predictions.Select(image => image.Rank));
        Assert.Equal(["0", "1", "2", "3", "4", "5"], result.Predictions.Select(image => image.Key));
        var (measures, chances) = (result.Measures(), result.Chances());
        Assert.Equal((3 / 6.0, 5 / 6.0), (measures["top1"], measures["top5"]));
        Assert.Equal(1 / 7.0, chances["top1"], 12);
        Assert.Equal(5 / 7.0, chances["top5"], 12);

        // Class 0: 1 of 3, class 1: 1 of 2, class 3: 1 of 1; the others have no image and do not count.
        Assert.Equal(((1 / 3.0) + (1 / 2.0) + 1) / 3, measures["meanPerClass"], 12);
        Assert.Equal(new ClassScore("0", 3, 1), result.PerClass()[0]);
        Assert.Equal(0.5, result.PerClass()[1].Accuracy);
        Assert.Null(result.PerClass()[2].Accuracy);
    }

    [Fact]
    public void Batches_of_images_and_texts_do_not_show()
    {
        byte[] images = [5, 3, 2, 6, 1, 0, 0, 4, 2];
        int[] labels = [5, 2, 2, 0, 1, 4, 0, 4, 3];
        var (expected, actual) = (Classify(images, labels, 7), Classify(images, labels, 7, batchSize: 2));
        Assert.Equal(expected.Predictions.Select(image => (image.Predicted, image.Rank)), actual.Predictions.Select(image => (image.Predicted, image.Rank)));
    }

    [Fact]
    public void Equal_scores_go_to_the_first_class()
    {
        var result = Classify([0, 0, 0], [0, 1, 2], 3, encoder: Encoder(2, _ => [1, 0], _ => [1, 0]));
        Assert.Equal([0, 0, 0], result.Predictions.Select(image => image.Predicted));
        Assert.Equal([1, 2, 3], result.Predictions.Select(image => image.Rank));
    }

    [Fact]
    public void Top_5_of_fewer_classes_is_1_and_so_is_its_chance()
    {
        var result = Classify([0, 1, 2], [2, 2, 0], classes: 3);
        Assert.Equal((0, 1, 1), (result.Measures()["top1"], result.Measures()["top5"], result.Chances()["top5"]));
    }

    [Fact]
    public void A_label_without_a_class_and_a_set_without_images_are_refused()
    {
        Assert.Contains("has the label 3, but there are 3 classes: 0 to 2", Assert.Throws<ConfigException>(() => Classify([0, 1], [0, 3], 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => Classify([], [], 3));
    }

    [Fact]
    public void A_model_that_gives_nan_does_not_look_perfect()
    {
        var error = Assert.Throws<ArithmeticException>(() => Classify([0], [0], 2, encoder: Encoder(1, _ => [float.NaN], _ => [1])));
        Assert.Equal("The image encoder gave NaN in an embedding: the weights are not usable.", error.Message);
    }

    [Fact]
    public void Images_of_another_size_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => Embeddings.OfImages(NearestClass(2), new byte[12], 2));
        Assert.StartsWith("2 images of 2×2×3 are 24 bytes, not 12.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_evaluation_stops() =>
        Assert.Throws<OperationCanceledException>(() => Classify([0], [0], 2, cancellation: new CancellationToken(canceled: true)));

    [Fact]
    public void Retrieval_has_the_numbers_of_known_embeddings()
    {
        // Images 0, 1, 2 and texts "0" to "3" are unit vectors: a text scores 1 with the image of its number, else 0.
        var data = EvaluationData.Of(Set(DataSetTask.Retrieval, Metric.Recall), new CaptionedImages(new Numbers(3), Captions));
        var encoder = Encoder(4, value => Unit(value), text => Unit(int.Parse(text, CultureInfo.InvariantCulture)));
        var outcome = (RetrievalOutcome)new DataSetEvaluator(_ => Features(encoder, [0, 1, 2], 2), encoder, _tokenizer, batchSize: 4).Measure(data, Cancellation)!;

        // Texts 0 1 | 1 | 3 2 2. Text "1" of image 0 finds image 1 before it; "3" is like none, so image 2 comes third.
        Assert.Equal([1, 2, 1, 3, 1, 1], outcome.Predictions.SelectMany(image => image.TextRanks));

        // Image 1 finds text "1" of image 0 first, which is as like it as its own.
        Assert.Equal([1, 2, 1], outcome.Predictions.Select(image => image.Rank));
        var (measures, chances) = (outcome.Measures(), outcome.Chances());
        string[] names = ["imageToText/R@1", "imageToText/R@5", "imageToText/R@10", "textToImage/R@1", "textToImage/R@5", "textToImage/R@10"];
        Assert.Equal(names, measures.Keys);
        Assert.Equal(names, chances.Keys);
        Assert.Equal(2 / 3.0, measures["imageToText/R@1"]);
        Assert.Equal(4 / 6.0, measures["textToImage/R@1"]);
        Assert.Equal(1 / 3.0, chances["imageToText/R@1"], 12);
        Assert.Equal(1 / 3.0, chances["textToImage/R@1"], 12);
    }

    [Fact]
    public void The_note_on_classes_that_score_alike_counts_the_images_that_were_measured()
    {
        string[] names = ["0", "1", "0"];
        var labelled = new LabelledImages(new Numbers(3), [[0], [2], [2]], names);
        var data = EvaluationData.Of(Set(DataSetTask.Classification, Metric.Top1), labelled, ClassPrompts.OfTemplates(names, Plain));
        var encoder = NearestClass(2);
        var measured = Features(encoder, [0, 0], 2) with { Missing = [new MissingItem("2", "is damaged")], Source = "images" };
        var evaluated = new DataSetEvaluator(_ => measured, encoder, _tokenizer).Evaluate(data, cancellation: Cancellation)!;
        Assert.Contains(evaluated.Result.Notes, note => note.Contains("so the 1 images of the later are counted as wrong", StringComparison.Ordinal));
    }

    private static float[] Unit(int axis) => [.. Enumerable.Range(0, 4).Select(i => i == axis ? 1f : 0)];

    private static DataSetDescription Set(DataSetTask task, Metric metric) => new() { Name = "numbers", Title = "Numbers", Task = task, Metric = metric };

    private ClassificationOutcome Classify(
        byte[] images, int[] labels, int classes, int batchSize = 100, TableEncoder? encoder = null, CancellationToken? cancellation = null)
    {
        string[] names = [.. Enumerable.Range(0, classes).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        var labelled = new LabelledImages(new Numbers(images.Length), [.. labels.Select(label => new[] { label })], names);
        var data = EvaluationData.Of(Set(DataSetTask.Classification, Metric.Top1), labelled, ClassPrompts.OfTemplates(names, Plain));
        encoder ??= NearestClass(classes);
        var evaluator = new DataSetEvaluator(_ => Features(encoder, images, batchSize), encoder, _tokenizer, batchSize);
        return (ClassificationOutcome)evaluator.Measure(data, cancellation ?? Cancellation)!;
    }

    private static FeatureSet Features(TableEncoder encoder, byte[] images, int batchSize) => new(
        [.. new Numbers(images.Length).Keys()],
        [.. TableEncoder.Images(batchSize, images).SelectMany(batch => Embeddings.Checked(encoder.EncodeImages(batch.Pixels, batch.Count), batch.Count, encoder.EmbedDim, "image"))],
        encoder.EmbedDim,
        [],
        "");

    // Image v is row v of a table of -|v - c|, class c the unit vector c.
    private TableEncoder NearestClass(int classes) => Encoder(
        classes,
        value => [.. Enumerable.Range(0, classes).Select(c => (float)-Math.Abs(value - c))],
        name => [.. Enumerable.Range(0, classes).Select(c => c == int.Parse(name, CultureInfo.InvariantCulture) ? 1f : 0)]);

    private TableEncoder Encoder(int dim, Func<byte, float[]> image, Func<string, float[]> text) => new(_tokenizer, dim, image, text);

    /// <summary>Images whose keys are their numbers; no one reads them.</summary>
    private sealed class Numbers(int count) : IImageSource
    {
        public int Count => count;

        public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => "";

        public IEnumerable<string> Keys(int first = 0) => Enumerable.Range(first, count - first).Select(image => image.ToString(CultureInfo.InvariantCulture));

        public string Describe(int image) => $"{image}";

        public IImageReader Open() => throw new InvalidOperationException("There are no files.");
    }
}
