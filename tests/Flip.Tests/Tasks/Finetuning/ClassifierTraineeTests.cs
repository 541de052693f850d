using Flip.Config;
using Flip.Devices;
using Flip.Tasks.Finetuning;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Finetuning;

public class ClassifierTraineeTests
{
    [Theory]
    [InlineData(0, Precision.Fp32, 0)]
    [InlineData(0.9, Precision.Fp32, 0.5)]
    [InlineData(0, Precision.Bf16, 0)]
    public void A_run_continued_from_a_checkpoint_is_the_uninterrupted_run_to_the_last_bit(double ema, Precision precision, double mask)
    {
        using var folder = new TemporaryFolder();
        var config = TinyClassifier.Config with { WeightEma = ema, MicroBatch = 3, Precision = precision, MaskRatio = mask };
        float[] whole = [], continued = [];
        var losses = TinyClassifier.Losses(config, folder.File("a"), after: c => whole = c.Parameters.Master.data<float>().ToArray());
        var checkpoint = Directory.GetDirectories(folder.File("a")).Order().First();
        var rest = TinyClassifier.Losses(config, folder.File("b"), checkpoint, c => continued = c.Parameters.Master.data<float>().ToArray());
        Assert.Equal(8, losses.Count);
        Assert.Equal(losses[4..], rest);
        Assert.Equal(whole, continued);
    }

    [Theory]
    [InlineData(ClassifierHead.Random)]
    [InlineData(ClassifierHead.ZeroShot)]
    public void It_learns_32_images_by_heart(ClassifierHead head)
    {
        using var folder = new TemporaryFolder();
        var config = TinyClassifier.Plain with
        {
            Head = head,
            Samples = Duration.OfSteps(150),
            BatchSize = TinyClassifier.Images,
            Warmup = Duration.OfSteps(5),
            BaseLearningRate = 0.08,
        };
        var hits = 0;
        var losses = TinyClassifier.Losses(config, folder.Path, after: classifier =>
        {
            var batch = TinyClassifier.Batch(TinyClassifier.Images);
            hits = classifier.Score(batch.Images, batch.Size).Chunk(TinyClassifier.Classes)
                .Zip(batch.Labels).Count(image => Array.IndexOf(image.First, image.First.Max()) == image.Second);
        });
        Assert.Equal(Math.Log(TinyClassifier.Classes), losses[0], 0.1);
        Assert.Equal(TinyClassifier.Images, hits);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Micro_batches_add_up_to_the_gradient_of_the_whole_batch(double mask)
    {
        var config = TinyClassifier.Config with { DropPath = 0.5, MaskRatio = mask };
        using var classifier = TinyClassifier.New(config);
        using var scope = NewDisposeScope();
        var batch = TinyClassifier.Batch(8);
        for (var step = 0; step < 4; step++)
        {
            var whole = new ClassifierStep(classifier, config).ComputeGradient(batch, step, config.MaskRatio).Read();
            var expected = classifier.Parameters.Gradient.clone();
            foreach (var other in new[] { config with { MicroBatch = 3 }, config with { CheckpointBlocks = 1 } })
            {
                var parts = new ClassifierStep(classifier, other).ComputeGradient(batch, step, config.MaskRatio).Read();
                Assert.Equal(whole.Loss, parts.Loss, 1e-5);
                Assert.True(classifier.Parameters.Gradient.allclose(expected, 1e-4, 1e-6));
            }

            Assert.True(expected.abs().max().ToSingle() > 1e-4);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_step_waits_for_its_device_once_whatever_its_parts(int microBatch)
    {
        var config = TinyClassifier.Config with { DropPath = 0.5, MaskRatio = 0.5, MicroBatch = microBatch };
        using var classifier = TinyClassifier.New(config);
        var before = DeviceTraffic.OnThread;
        using var pending = new ClassifierStep(classifier, config).ComputeGradient(TinyClassifier.Batch(8), 1, config.MaskRatio);
        Assert.Equal(0, (DeviceTraffic.OnThread - before).Waits);
        Assert.True(double.IsFinite(pending.Read().Loss));
        Assert.Equal(1, (DeviceTraffic.OnThread - before).Waits);
    }

    [Fact]
    public void No_drop_path_is_the_recipe_without_it()
    {
        var batch = TinyClassifier.Batch(8);
        using var classifier = TinyClassifier.New(TinyClassifier.Plain);
        using var scope = NewDisposeScope();
        var loss = new ClassifierStep(classifier, TinyClassifier.Plain).ComputeGradient(batch, 0, 0).Read().Loss;
        var logits = classifier.Score(batch.Images, 8);
        var expected = logits.Chunk(4).Zip(batch.Labels)
            .Average(image => Math.Log(image.First.Sum(score => Math.Exp(score))) - image.First[image.Second]);
        Assert.Equal(expected, loss, 1e-5);
        Assert.NotEqual(loss, new ClassifierStep(classifier, TinyClassifier.Plain with { DropPath = 0.9 }).ComputeGradient(batch, 0, 0).Read().Loss);
    }

    [Fact]
    public void Interpolated_weights_are_the_ends_to_the_last_bit_and_the_mean_between()
    {
        using var folder = new TemporaryFolder();
        using var classifier = TinyClassifier.New(TinyClassifier.Config);
        using var scope = NewDisposeScope();
        var start = classifier.Parameters.Master.clone();
        var tuned = randn(start.numel(), generator: new Generator(3));
        WeightInterpolation.Apply(classifier.Parameters, start, tuned, 1);
        Assert.True(classifier.Parameters.Master.equal(tuned).all().ToBoolean());
        WeightInterpolation.Apply(classifier.Parameters, start, tuned, 0);
        Assert.True(classifier.Parameters.Master.equal(start).all().ToBoolean());
        WeightInterpolation.Apply(classifier.Parameters, start, tuned, 0.25);
        Assert.True(classifier.Parameters.Master.allclose((start * 0.75) + (tuned * 0.25)));
    }

    [Theory]
    [InlineData(ClassifierHead.Random)]
    [InlineData(ClassifierHead.ZeroShot)]
    public void A_saved_classifier_scores_as_before(ClassifierHead head)
    {
        using var folder = new TemporaryFolder();
        using var classifier = TinyClassifier.New(TinyClassifier.Config with { Head = head });
        var model = new FlipConfig { Model = classifier.Config };
        ClassifierFolder.Save(folder.Path, model, ["a", "b", "c", "d"], classifier);
        using var loaded = ClassifierFolder.Load(folder.Path);
        var batch = TinyClassifier.Batch(3);
        Assert.Equal(classifier.Score(batch.Images, 3), loaded.Classifier.Score(batch.Images, 3));
        Assert.Equal(["a", "b", "c", "d"], loaded.ClassNames);
        Assert.Equal(model, loaded.Config);
    }

    [Fact]
    public void A_folder_without_a_classifier_is_refused()
    {
        using var folder = new TemporaryFolder();
        var failure = Assert.Throws<Flip.Storage.CheckpointFormatException>(() => ClassifierFolder.Load(folder.Path));
        Assert.Contains("holds no classifier", failure.Message, StringComparison.Ordinal);
    }
}
