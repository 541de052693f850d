using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Evaluation.Classification;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Probes;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Cli;
using Flip.Tests.Collectives;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.DataSets;

/// <summary>Evaluations, probes and tests of classifiers that ranks share: their numbers are those of one process, to the last bit.</summary>
[Collection(Alone.Name)]
public sealed class SharedEvaluationTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public SharedEvaluationTests()
    {
        TinyModel.Save(_model = _folder.File("model"));
        for (var i = 0; i < 9; i++)
        {
            _images.Add($"photos/dog/{i:D4}.png", 16 + i);
            _images.Add($"photos/green car/{i:D4}.png", 32 + i);
        }

        var captions = Enumerable.Range(0, 9).Select(i =>
            $$"""{"filename": "photos/dog/{{i:D4}}.png", "split": "test", "sentences": [{"raw": "a red dog"}, {"raw": "the {{i}} runs"}]}""");
        _images.AddBytes("captions.json", System.Text.Encoding.UTF8.GetBytes($$"""{"images": [{{string.Join(", ", captions)}}]}"""));
        File.WriteAllText(
            _images.File("pairs.json"), """{"name": "pairs", "task": "retrieval", "layouts": [{"kind": "karpathy", "file": "captions.json", "images": ["."]}]}""");
    }

    private string Photos => _images.File("photos");

    private string Pairs => $"{_images.File("pairs.json")}={_images.Path}";

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Results_of_ranks_are_those_of_one_process_to_the_byte(int world, bool hasMissing)
    {
        if (hasMissing)
        {
            _images.AddBytes("photos/dog/0003.png", [1, 2, 3]);
        }

        Evaluate(1, "alone");
        var sets = Evaluate(world, "shared");
        Assert.Equal(2, sets[0]);
        Assert.All(sets[1..], count => Assert.Equal(0, count));
        AssertSame(_folder.File("alone"), _folder.File("shared"));
        AssertSame(_folder.File("alone cache"), _folder.File("shared cache"));

        // The second time all is there: nothing is encoded, and the results are the same.
        var times = Directory.GetFiles(_folder.File("shared cache")).Select(File.GetLastWriteTimeUtc).ToList();
        Evaluate(world, "again", "shared cache");
        AssertSame(_folder.File("alone"), _folder.File("again"));
        Assert.Equal(times, Directory.GetFiles(_folder.File("shared cache")).Select(File.GetLastWriteTimeUtc));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void An_evaluation_in_training_gives_all_ranks_the_numbers_of_one_process(int world)
    {
        var alone = ThreadRanks.Run(1, ranks => Train(ranks))[0];
        Assert.Contains("photos/top1", alone.Keys);
        Assert.Contains("pairs/textToImage/R@5", alone.Keys);
        Assert.All(ThreadRanks.Run(world, ranks => Train(ranks)), numbers => Assert.Equal(alone.ToArray(), numbers.ToArray()));
    }

    [Fact]
    public void A_wish_to_stop_on_one_rank_stops_an_evaluation_on_all()
    {
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        var ends = ThreadRanks.Run(3, ranks => Record.Exception(() => Train(ranks, ranks.Rank == 2 ? stopped.Token : CancellationToken.None)));
        Assert.All(ends, end => Assert.IsAssignableFrom<OperationCanceledException>(end));
    }

    [Fact]
    public void Probes_of_shared_features_are_those_of_one_process()
    {
        var alone = Probe(1, "alone")[0]!;
        var shared = Probe(2, "shared");
        Assert.Null(shared[1]);
        Assert.Equal(["logistic", "knn", "knn-majority"], alone.Rows.Select(row => row.Method));
        Assert.Equal(
            alone.Rows.Select(row => (row.Method, row.Setting, row.Top1, row.MeanPerClass)),
            shared[0]!.Rows.Select(row => (row.Method, row.Setting, row.Top1, row.MeanPerClass)));
        Assert.Equal(alone.Settings, shared[0]!.Settings);
        AssertSame(_folder.File("alone/knn"), _folder.File("shared/knn"));
        AssertSame(_folder.File("alone/logistic"), _folder.File("shared/logistic"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void All_ranks_get_a_classifiers_scores(int world)
    {
        var alone = ThreadRanks.Run(1, Classify)[0];
        Assert.Equal(18 * 2, alone.Length);
        Assert.All(ThreadRanks.Run(world, Classify), scores => Assert.Equal(alone, scores));
    }

    private static void AssertSame(string expected, string actual)
    {
        var files = Directory.GetFiles(expected).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        Assert.Equal(files, Directory.GetFiles(actual).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(expected, file!)), File.ReadAllBytes(Path.Combine(actual, file!))));
    }

    /// <summary>Evaluates both sets; how many of them each rank has.</summary>
    private int[] Evaluate(int world, string to, string? cache = null) => ThreadRanks.Run(world, ranks =>
    {
        using var view = new SilentProgress();
        var request = new EvaluationRequest(
            _model,
            [Photos, Pairs],
            DataRoot: null,
            Classes: null,
            new PromptChoice(),
            ranks.Rank == 0 ? _folder.File(cache ?? to + " cache") : _folder.File("no cache of rank 0"),
            ranks.Rank == 0 ? _folder.File(to) : _folder.File("no results of rank 0"),
            AllowMissing: true,
            AllowOutside: false,
            Samples: 100,
            new MaskChoice(InferenceMask.Masked, 0.5),
            []);
        var sets = new EvaluationRun(request, view, ranks).Run(TestContext.Current.CancellationToken).Sets;
        Assert.False(Directory.Exists(_folder.File("no cache of rank 0")) || Directory.Exists(_folder.File("no results of rank 0")));
        return sets.Count;
    });

    private Dictionary<string, double> Train(ICommunicator ranks, CancellationToken? cancellation = null)
    {
        using var loaded = ModelFolder.Load(_model);
        var config = loaded.Config with { Eval = loaded.Config.Eval with { On = [Photos, Pairs] } };
        var stop = cancellation ?? TestContext.Current.CancellationToken;
        return TrainingEvaluator.Of(config, loaded.Tokenizer, new SourceOptions(), TestContext.Current.CancellationToken, ranks)
            .SelectMany(evaluator => evaluator.Evaluate(new InferenceEncoder(loaded.Model), stop)).ToDictionary();
    }

    private ProbeReport?[] Probe(int world, string to) => ThreadRanks.Run(world, ranks =>
    {
        using var view = new SilentProgress();
        var request = new ProbeRequest(
            _model,
            Photos,
            Photos,
            null,
            [LogisticProbe.Name, NearestNeighbors.Weighted],
            null,
            _folder.File(to + " cache"),
            _folder.File(to),
            false,
            new MaskChoice(InferenceMask.None, null),
            [])
        {
            Shots = [1],
            Seeds = 1,
            Neighbors = 3,
        };
        return new ProbeRun(request, view, ranks).Run(TestContext.Current.CancellationToken);
    });

    private float[] Classify(ICommunicator ranks)
    {
        var set = LabelledSources.Open(Photos);
        using var classifier = new ImageClassifier(ModelFolder.Load(_model).Config.Model, 2, ClassifierHead.Random, seed: 5);
        var loader = new ImageLoader(set.Images, new EvaluationTransform(EvalTransform.Flip, 16), workers: 1);
        var outcome = ClassifierEvaluator.Classify(
            classifier, set, loader, 4, keepScores: true, cancellation: TestContext.Current.CancellationToken, ranks: ranks);
        Assert.Equal(set.Images.Keys(), outcome.Predictions.Select(image => image.Key));
        return [.. outcome.Predictions.SelectMany(image => image.Scores!)];
    }
}
