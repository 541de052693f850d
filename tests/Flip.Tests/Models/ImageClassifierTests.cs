using Flip.Config;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public class ImageClassifierTests
{
    private static readonly ModelConfig Model = TinyRun.Config.Model;

    [Fact]
    public void It_declares_the_tower_and_the_head_and_no_text_tower()
    {
        using var random = new ImageClassifier(Model, 5, ClassifierHead.Random);
        using var zeroShot = new ImageClassifier(Model, 5, ClassifierHead.ZeroShot);
        Assert.All(random.Parameters.All, p => Assert.True(p.Name.StartsWith("image.", StringComparison.Ordinal) || p.Name.StartsWith("head.", StringComparison.Ordinal)));
        Assert.Equal([5, Model.Image.Width], random.Parameters.Find("head.weight")!.Shape);
        Assert.Equal([5, Model.EmbedDim], zeroShot.Parameters.Find("head.weight")!.Shape);
        Assert.Null(random.Parameters.Find("image.projection.weight"));
        Assert.NotNull(zeroShot.Parameters.Find("image.projection.weight"));
    }

    [Fact]
    public void Only_matrices_decay()
    {
        var withToken = Model with { Image = Model.Image with { ClassToken = ClassToken.WithPosition, Positions = ImagePositions.Learned } };
        using var classifier = new ImageClassifier(withToken, 5, ClassifierHead.Random);
        Assert.All(
            classifier.Parameters.All, p => Assert.Equal(p.Shape.Length > 1 && p.Name != "image.positions", p.Decays));
    }

    [Fact]
    public void With_the_towers_weights_and_rows_of_embeddings_it_scores_the_scaled_cosines_to_the_last_bit()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        WeightFile.Save(folder.File("m.safetensors"), model.Parameters);
        using var classifier = new ImageClassifier(Model, 3, ClassifierHead.ZeroShot, seed: null);
        using (var source = new SafetensorsReader(folder.File("m.safetensors")))
        {
            classifier.LoadTower(source, OwnNames.Instance);
        }

        using var scope = NewDisposeScope();
        var rows = randn(3, Model.EmbedDim, generator: new Generator(4));
        classifier.SetHead(rows.data<float>().ToArray());
        var pixels = TinyRun.Batch(6).Images;
        var images = tensor(pixels).view(6, 16, 16, 3);
        var expected = nn.functional.linear(model.EncodeImage(images), rows, zeros(3));
        Assert.Equal(expected.data<float>().ToArray(), classifier.Score(pixels, 6));
    }

    [Fact]
    public void A_tower_of_another_width_is_refused_with_both_shapes()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyRun.Model(TinyRun.Config);
        WeightFile.Save(folder.File("m.safetensors"), model.Parameters);
        using var source = new SafetensorsReader(folder.File("m.safetensors"));
        using var wider = new ImageClassifier(Model with { Image = Model.Image with { Width = 32 } }, 3, ClassifierHead.Random, seed: null);
        var failure = Assert.Throws<CheckpointFormatException>(() => wider.LoadTower(source, OwnNames.Instance));
        Assert.Contains("image.finalNorm.weight is [16], expected [32]", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Masked_images_are_scored_by_their_kept_patches()
    {
        using var classifier = new ImageClassifier(Model, 3, ClassifierHead.Random);
        using var scope = NewDisposeScope();
        var images = tensor(TinyRun.Batch(2).Images).view(2, 16, 16, 3);
        var all = arange(16).expand(2, 16).contiguous();
        Assert.True(classifier.Logits(images).allclose(classifier.Logits(images, all)));
        Assert.Equal([2, 3], classifier.Logits(images, all.narrow(1, 0, 4).contiguous()).shape);
    }
}
