using Flip.Config;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Classification;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.Finetuning;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.Classification;

public sealed class ClassifierEvaluatorTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LabelledImages _set;

    public ClassifierEvaluatorTests()
    {
        for (var i = 0; i < 24; i++)
        {
            _images.Add($"{(i % 3) switch { 0 => "a red dog", 1 => "two birds", _ => "green car" }}/{i:D4}.png", 16 + i);
        }

        TinyModel.Save(_folder.Path);
        _set = LabelledSources.Open(_images.Path);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void With_a_zero_shot_head_they_are_the_zero_shot_scores_before_training()
    {
        using var loaded = ModelFolder.Load(_folder.Path);
        using var classifier = ZeroShot(loaded);
        var ranked = Classify(classifier).Predictions;
        Assert.Equal(_set.Images.Keys(), ranked.Select(image => image.Key));

        var encoder = new InferenceEncoder(loaded.Model);
        var set = new DataSetDescription { Name = "set", Title = "Set", Task = DataSetTask.Classification, Metric = Metric.Top1 };
        var evaluator = new DataSetEvaluator(_ => FeatureSet.Of(new ImageItems(Loader(), _ => encoder, 5)), encoder, loaded.Tokenizer);
        var expected = (ClassificationOutcome)evaluator.Measure(EvaluationData.Of(set, _set, Prompts), TestContext.Current.CancellationToken)!;
        Assert.Equal(expected.Predictions.Select(image => (image.Predicted, image.Rank)), ranked.Select(image => (image.Predicted, image.Rank)));

        // Cosines times the factor, which is what their softmax is taken of.
        var head = ZeroShotClassifier.Build(new InferenceEncoder(loaded.Model), loaded.Tokenizer, Prompts);
        using var source = Loader().Read(24).GetEnumerator();
        source.MoveNext();
        var embeddings = new InferenceEncoder(loaded.Model).EncodeImages(source.Current.Present, 24);
        var factor = new InferenceEncoder(loaded.Model).LogitScale();
        for (var image = 0; image < 24; image++)
        {
            for (var c = 0; c < 3; c++)
            {
                var cosine = Enumerable.Range(0, head.EmbedDim)
                    .Sum(i => (double)embeddings[(image * head.EmbedDim) + i] * head.Weights[(c * head.EmbedDim) + i]);
                Assert.Equal(factor * cosine, ranked[image].Scores![c], 1e-4);
            }
        }
    }

    [Fact]
    public void The_ends_of_an_interpolation_score_as_the_pure_classifiers()
    {
        using var loaded = ModelFolder.Load(_folder.Path);
        using var start = ZeroShot(loaded);
        using var tuned = ZeroShot(loaded);
        using var random = new ImageClassifier(loaded.Config.Model, 3, ClassifierHead.ZeroShot, loaded.Model.Parameters.ComputeType, seed: 77);
        var tunedWeights = random.Parameters.Master;
        var pure = (Start: Score(start), Tuned: Score(random));
        WeightInterpolation.Apply(tuned.Parameters, start.Parameters.Master, tunedWeights, 0);
        Assert.Equal(pure.Start, Score(tuned));
        WeightInterpolation.Apply(tuned.Parameters, start.Parameters.Master, tunedWeights, 1);
        Assert.Equal(pure.Tuned, Score(tuned));
        WeightInterpolation.Apply(tuned.Parameters, start.Parameters.Master, tunedWeights, 0.5);
        Assert.NotEqual(pure.Tuned, Score(tuned));
    }

    [Fact]
    public void The_size_of_a_batch_does_not_change_what_is_scored()
    {
        using var loaded = ModelFolder.Load(_folder.Path);
        using var classifier = ZeroShot(loaded);
        var whole = Score(classifier, 24);
        var before = DeviceTraffic.OnThread;
        Score(classifier, 7);
        Assert.Equal((4, 4), ((DeviceTraffic.OnThread - before).Copies, (DeviceTraffic.OnThread - before).Waits)); // of 24 images
        Assert.All(whole.Zip(Score(classifier, 7)), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        Assert.Equal(24 * 3, whole.Length);
        Assert.Equal(_set.Labels, Classify(classifier, 7).Predictions.Select(image => image.Right));
    }

    [Fact]
    public void Another_number_of_classes_and_scores_that_are_not_finite_are_refused()
    {
        using var loaded = ModelFolder.Load(_folder.Path);
        using var other = new ImageClassifier(loaded.Config.Model, 2, ClassifierHead.Random);
        Assert.Contains("has 3 classes, and the classifier 2", Assert.Throws<ConfigException>(() => Score(other)).Message, StringComparison.Ordinal);
        using var broken = ZeroShot(loaded);
        broken.SetHead(Enumerable.Repeat(float.NaN, 3 * loaded.Config.Model.EmbedDim).ToArray());
        Assert.Throws<ArithmeticException>(() => Score(broken));
    }

    private ClassPrompts Prompts => ClassPrompts.OfTemplates(_set.ClassNames, ClassTemplates.Flip7);

    private ImageLoader Loader() => new(_set.Images, new EvaluationTransform(EvalTransform.Flip, 16), workers: 1);

    private float[] Score(ImageClassifier classifier, int batch = 5) => [.. Classify(classifier, batch).Predictions.SelectMany(image => image.Scores!)];

    private ClassificationOutcome Classify(ImageClassifier classifier, int batch = 5) =>
        ClassifierEvaluator.Classify(classifier, _set, Loader(), batch, keepScores: true);

    private ImageClassifier ZeroShot(LoadedModel loaded)
    {
        var classifier = new ImageClassifier(
            loaded.Config.Model, 3, ClassifierHead.ZeroShot, loaded.Model.Parameters.ComputeType, seed: null);
        using var stored = ModelFolder.Open(_folder.Path);
        classifier.LoadTower(stored.Weights, stored.Names);
        classifier.SetHead(ZeroShotHead.Weights(loaded.Model, loaded.Tokenizer, Prompts));
        return classifier;
    }
}
