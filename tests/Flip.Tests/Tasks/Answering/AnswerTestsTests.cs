using System.Text.Json;
using CommunityToolkit.HighPerformance.Buffers;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Data.Questions;
using Flip.Devices;
using Flip.Evaluation.Answering;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.Answering;
using Flip.Tasks.ImageTasks;
using Flip.Tests.Data.Images;
using Flip.Tests.Training;
using Flip.Tokenizers;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Answering;

public sealed class AnswerTestsTests : IDisposable
{
    private static readonly WordPieceTokenizer Tokenizer = new(["[PAD]", "[UNK]", "what", "color", "is", "the", "hat", "?", "how", "many", "dogs", "it"]);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_questions_are_answered_in_their_order_whatever_the_batches()
    {
        using var loaded = New();
        var set = Open();
        IReadOnlyList<IReadOnlyList<GivenAnswer>> Answers(int batchSize) =>
            new AnswerWriter(loaded, 2).Answer(set, new ImageLoader(set.Images, EvaluationTransform.Of(loaded.Config), 1), batchSize, cancellation: TestContext.Current.CancellationToken);
        var expected = Answers(1);
        Assert.Equal(5, expected.Count);
        Assert.All(expected, given => Assert.True(given.Count == 2 && given[0].Probability >= given[1].Probability));
        foreach (var other in new[] { 2, 64 })
        {
            Assert.Equal(expected.Select(given => given.Select(one => one.Answer)), Answers(other).Select(given => given.Select(one => one.Answer)));
        }

        // Each as the model scores it alone.
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        for (var question = 0; question < 5; question++)
        {
            var pixels = new byte[16 * 16 * 3];
            using var reader = set.Images.Open();
            using var file = reader.Read(set.Questions[question].Image);
            EvaluationTransform.Of(loaded.Config).Apply(file.Span, pixels);
            var row = new int[6];
            var length = Tokenizer.EncodeRow(set.Questions[question].Question, row);
            var scores = loaded.Answerer.Logits(tensor(pixels).view(1, 16, 16, 3), tensor(row.Select(id => (long)id).ToArray()).view(1, 6), tensor([(long)length])).sigmoid();
            var best = scores.argmax().ToInt64();
            Assert.Equal(loaded.Answers.Answers[(int)best], expected[question][0].Answer);
            Assert.Equal(scores[0, best].ToSingle(), expected[question][0].Probability, 1e-5);
        }
    }

    [Fact]
    public void A_model_trained_without_images_sees_none()
    {
        using var loaded = New() with { QuestionOnly = true };
        var writer = new AnswerWriter(loaded);
        IReadOnlyList<GivenAnswer> Answers(byte level) => writer.Answer(Enumerable.Repeat(level, 768).ToArray(), 1, [(0, "how many dogs?")], 8)[0];
        Assert.Equal(Answers(0), Answers(200));
        using var seeing = New();
        Assert.NotEqual(new AnswerWriter(seeing).Answer(new byte[768], 1, [(0, "how many dogs?")], 8)[0], Answers(0));
    }

    [Fact]
    public void Results_have_both_baselines_beside_them_and_a_file_for_the_server()
    {
        using var loaded = New() with { Majority = "two" };
        using var blind = New() with { QuestionOnly = true, Majority = "two" };
        Open();
        var tests = AnswerTests.Open([$"mine={_folder.Path}"], new AnswerConfig { Workers = 1 }, new SilentProgress(), false, TestContext.Current.CancellationToken);
        var questionOnly = tests.Answer(blind, null, TestContext.Current.CancellationToken);
        var answered = tests.Answer(loaded, questionOnly, TestContext.Current.CancellationToken);
        tests.Save(_folder.File("results"), "runs/mine", loaded, answered, "runs/blind", TestContext.Current.CancellationToken);
        var report = EvaluationReport.Read(_folder.File("results"));
        var result = Assert.Single(report.Results);
        Assert.Equal(("mine", Metric.VqaAccuracy, 5, 0.4), (result.Name, result.Metric, result.Images, result.Chance)); // 'two' is right twice
        Assert.Equal(("question answering", 0.4), (report.Header.Method, result.References.Single(reference => reference is { Model: "majority answer", Measure: null }).Value));
        Assert.Equal(
            questionOnly[0].Outcome.Value(Metric.VqaAccuracy),
            result.References.Single(reference => reference is { Model: "question only", Measure: null, Source: "runs/blind" }).Value);
        Assert.Contains(result.Notes, note => note.StartsWith("From the questions alone", StringComparison.Ordinal));
        var scores = Assert.Single(AnswerTests.Scores(answered));
        Assert.Equal((5, 0.4, questionOnly[0].Outcome.Value(Metric.VqaAccuracy)), (scores.Questions, scores.Chance, scores.QuestionOnly));
        Assert.Equal(["mine/accuracy", "mine/chance accuracy"], AnswerTests.Values(answered).Keys);

        using var server = JsonDocument.Parse(File.ReadAllText(_folder.File("results/mine.answers.json")));
        Assert.Equal(["2", "3", "4", "5", "6"], server.RootElement.EnumerateArray().Select(answer => answer.GetProperty("question_id").GetRawText()));
        Assert.Equal(answered[0].Outcome.Predictions.Select(question => question.Answer), server.RootElement.EnumerateArray().Select(answer => answer.GetProperty("answer").GetString()));
    }

    [Fact]
    public void The_server_gets_numbers_where_ids_are_numbers() => Assert.Equal(
        "[\n{\"question_id\": 262148000, \"answer\": \"it's \\\"red\\\"\"},\n{\"question_id\": \"a/1#0\", \"answer\": \"\"},\n{\"question_id\": \"007\", \"answer\": \"yes\"}\n]\n",
        AnswerResults.Of([("262148000", "it's \"red\""), ("a/1#0", ""), ("007", "yes")]));

    [Fact]
    public void A_set_of_training_images_is_warned_of_and_a_name_twice_is_refused()
    {
        var (set, view) = (Open(), new Messages());
        AnswerTests.Open([$"mine={_folder.Path}"], new AnswerConfig(), view, false, TestContext.Current.CancellationToken).WarnOfShared(set, TestContext.Current.CancellationToken);
        Assert.StartsWith("Warning: 3 of the 3 images of mine, with 5 questions, are in the training data too:", Assert.Single(view.All), StringComparison.Ordinal);
        var error = Assert.Throws<ConfigException>(() => AnswerTests.Open([_folder.Path, _folder.Path], new AnswerConfig(), view, false, TestContext.Current.CancellationToken));
        Assert.Contains("is there twice", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_gives_the_model_back(bool questionOnly)
    {
        using var loaded = New() with { QuestionOnly = questionOnly, Majority = questionOnly ? null : "it's" };
        AnswererFolder.Save(_folder.File("model"), loaded);
        Assert.True(AnswererFolder.IsAnswerer(_folder.File("model")) && AnswererFolder.IsAnswerer(_folder.Path)); // as a run
        using var read = AnswererFolder.Load(_folder.Path);
        Assert.Equal((loaded.QuestionOnly, loaded.Majority, loaded.Answerer.Head), (read.QuestionOnly, read.Majority, read.Answerer.Head));
        Assert.Equal(loaded.Answers.Answers, read.Answers.Answers);
        Assert.Equal(loaded.Config.Model, read.Config.Model);
        Assert.Equal(loaded.Tokenizer.Encode("how many dogs?"), read.Tokenizer.Encode("how many dogs?"));
        Assert.All(loaded.Answerer.Parameters.All.Zip(read.Answerer.Parameters.All), pair => Assert.True(pair.First.Master.equal(pair.Second.Master).all().ToBoolean(), pair.First.Name));
    }

    [Theory]
    [InlineData("answerer.json", "[1]", "It is no object")]
    [InlineData("answerer.json", "{\"head\": {\"width\": 16, \"heads\": 3}}", "must be a multiple of head.heads")]
    [InlineData("answerer.json", "{\"majority\": 5}", "'majority' is no text")]
    [InlineData("answerer.json", "{\"head\": {\"width\": 32, \"heads\": 2, \"depth\": 1}}", "does not fit the model")]
    [InlineData("answers.json", "[\"yes\"]", "does not fit the model")]
    [InlineData("answers.json", "[5]", "Entry 0 is no text")]
    public void A_folder_that_does_not_fit_is_refused_by_its_file(string file, string text, string problem)
    {
        using var loaded = New();
        AnswererFolder.Save(_folder.File("model"), loaded);
        File.WriteAllText(_folder.File($"model/{file}"), text);
        var failure = Assert.ThrowsAny<Exception>(() => AnswererFolder.Load(_folder.File("model")));
        Assert.True(failure is CheckpointFormatException or ConfigException, failure.GetType().Name);
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointFormatException>(() => AnswererFolder.Load(_folder.File("nothing")));
    }

    [Fact]
    public void Towers_are_those_of_the_model_that_it_came_from()
    {
        using var model = new FlipModel(Config.Model, seed: 9);
        WeightFile.Save(_folder.File("model.safetensors"), model.Parameters);
        using var loaded = New();
        using var weights = new SafetensorsReader(_folder.File("model.safetensors"));
        loaded.Answerer.LoadTower(weights, OwnNames.Instance);
        Assert.All(loaded.Answerer.TowerParameters, parameter => Assert.True(parameter.Master.equal(model.Parameters.Find(parameter.Name)!.Master).all().ToBoolean(), parameter.Name));
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void Tokens_that_are_kept_of_each_image_give_the_gradient_of_images_that_are_seen(Precision precision)
    {
        var config = TinyAnswerer.Config with { TowerLearningRate = 0, Precision = precision };
        using var answerer = TinyAnswerer.New(config);
        using var scope = NewDisposeScope();
        var batch = TinyAnswerer.Batch(TinyAnswerer.Questions);
        var images = new Raw([.. batch.Images.Chunk(768).Where((_, question) => question % 2 == 0)]);
        using var tokens = TowerTokens.Open(
            _folder.File("tokens"), images, images, answerer.ImageTokens, new Compute(CPU, answerer.Parameters.ComputeType), (16, 16), 4, 1, new SilentProgress(), TestContext.Current.CancellationToken);
        var loss = new AnswerStep(answerer, config, TinyAnswerer.Targets).ComputeGradient(batch).Read().Loss;
        var expected = answerer.Parameters.Gradient.clone();
        var tolerance = precision == Precision.Fp32 ? 1e-5 : 0.02;
        var kept = new AnswerStep(answerer, config, TinyAnswerer.Targets) { Seen = new SeenTokens(tokens, TinyAnswerer.Asked) };
        Assert.Equal(loss, kept.ComputeGradient(batch with { Images = [] }).Read().Loss, tolerance);
        Assert.True(answerer.Parameters.Gradient.allclose(expected, tolerance, tolerance));
        Assert.Equal([1, 2, 0], new SeenTokens(tokens, TinyAnswerer.Asked).ImagesOf([3, 4, 0]));
    }

    private static FlipConfig Config => TinyRun.Config with { Model = TinyRun.Config.Model with { Text = TinyRun.Config.Model.Text with { VocabularySize = Tokenizer.VocabularySize } } };

    private static LoadedAnswerer New()
    {
        var answers = new AnswerVocabulary(["red", "blue", "two", ""]);
        var answerer = new QuestionAnswerer(Config.Model, TinyAnswerer.Config.Head, answers.Count, seed: 4);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        answerer.Parameters.Master.add_(randn(answerer.Parameters.Count, generator: new Generator(7)) * 0.3); // so that no two answers score alike
        return new LoadedAnswerer(Config, Tokenizer, answers, answerer);
    }

    private QuestionedImages Open()
    {
        foreach (var (image, side) in new[] { 9, 20, 31 }.Index())
        {
            File.WriteAllBytes(_folder.File($"{image}.png"), TestImages.Encode(side, 18, SKEncodedImageFormat.Png));
        }

        File.WriteAllLines(
            _folder.File("questions.csv"),
            ["image,question,answer", "0.png,what color is the hat?,red", "2.png,how many dogs?,two", "1.png,is it the hat?,blue", "0.png,how many?,two", "2.png,what is it?,hat"]);
        return QuestionedSources.Open(_folder.Path);
    }

    private sealed class Messages : IProgressView
    {
        public List<string> All { get; } = [];

        public void Message(string text) => All.Add(text);

        public void Report(TrainProgress progress)
        {
            // Nobody looks.
        }

        public void Report(ItemProgress progress)
        {
            // Nobody looks.
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    /// <summary>Images whose files are their pixels.</summary>
    private sealed class Raw(byte[][] pixels) : IImageSource, IImageReader, IImageTransform
    {
        public int Count => pixels.Length;

        public int Size => 16;

        public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => "raw";

        public IEnumerable<string> Keys(int first = 0) => Enumerable.Range(first, Count - first).Select(image => $"{image}");

        public string Describe(int image) => $"{image}";

        public IImageReader Open() => this;

        public MemoryOwner<byte> Read(int image)
        {
            var file = MemoryOwner<byte>.Allocate(768);
            pixels[image].CopyTo(file.Span);
            return file;
        }

        public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination) => encoded.CopyTo(destination);

        public void Dispose()
        {
        }
    }
}
