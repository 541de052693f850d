using Flip.Evaluation.ZeroShot;

namespace Flip.Tests.Evaluation.ZeroShot;

public class ZeroShotTests
{
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
            encoder, _tokenizer, ClassPrompts.OfTemplates(["cat", "dog"], ["a {c}", "the {c}, a {c}"]), batchSize: 3, cancellation: Cancellation);

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
        var classifier = ZeroShotClassifier.Build(encoder, _tokenizer, ClassPrompts.OfFile(file, ["cat", "dog"]), batchSize: 3, cancellation: Cancellation);
        Assert.Equal([0, 1, 0.447213595f, 0.894427191f], classifier.Weights);
    }

    private TableEncoder Encoder(int dim, Func<byte, float[]>? image = null, Func<string, float[]>? text = null) =>
        new(_tokenizer, dim, image ?? (_ => new float[dim]), text ?? (_ => new float[dim]));
}
