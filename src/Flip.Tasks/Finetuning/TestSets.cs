using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Classification;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Finetuning;

/// <summary>A classifier's figures on one test set.</summary>
/// <param name="Source">The set.</param>
/// <param name="Images">Its images.</param>
/// <param name="Top1">Share whose right class has the highest score.</param>
/// <param name="Top5">Share whose right class is among the five highest.</param>
/// <param name="MeanPerClass">Mean of the classes' top-1.</param>
public sealed record TestScores(string Source, int Images, double Top1, double Top5, double MeanPerClass);

/// <summary>The figures of interpolated weights.</summary>
/// <param name="Alpha">Share of the fine-tuned weights, 0 to 1.</param>
/// <param name="Tests">On each test set.</param>
public sealed record InterpolatedScores(double Alpha, IReadOnlyList<TestScores> Tests);

/// <summary>The test sets of a classifier. Ranks share the images, and all get the figures.</summary>
public sealed class TestSets(
    IReadOnlyList<(string Source, DataSetDescription Set, LabelledImages Images)> sets,
    FlipConfig model,
    int batchSize,
    int workers,
    IProgressView view,
    ICommunicator? ranks = null)
{
    private const string FineTuneMeasure = "fineTune"; // what the registry's references call it

    private readonly EvaluationTransform _transform = EvaluationTransform.Of(model);

    /// <summary>Opens test sets whose classes are the given ones.</summary>
    public static TestSets Open(
        IReadOnlyList<string> sources,
        string? classes,
        IReadOnlyList<string> classNames,
        FlipConfig model,
        FinetuneConfig config,
        IProgressView view,
        bool allowOutside,
        CancellationToken cancellation,
        ICommunicator? ranks = null)
    {
        var options = SourceProgress.Sources(view.Message, allowOutside: allowOutside);
        var opened = new List<(string Source, DataSetDescription Set, LabelledImages Images)>();
        foreach (var source in sources)
        {
            var (set, images) = LabelledData.OpenLike(source, classes, false, classNames, "training", options, cancellation);
            LabelledData.SingleLabels(images, source);
            set.CheckMetric(images);
            opened.Add((source, set with { Name = Free(set.Name, opened) }, images));
        }

        var batchSize = ModelMemory.EncodingBatch(model.Model, Compute.Of(config), config.EvalBatchSize);
        return new TestSets(opened, model, batchSize, config.Workers, view, ranks);
    }

    /// <summary>A name that no set before has, for results have each once.</summary>
    private static string Free(string name, List<(string Source, DataSetDescription Set, LabelledImages Images)> opened)
    {
        var free = name;
        for (var number = 2; opened.Exists(before => UnicodeName.Comparer.Equals(before.Set.Name, free)); number++)
        {
            free = FormattableString.Invariant($"{name}-{number}");
        }

        return free;
    }

    /// <summary>The same sets for work that this process does alone.</summary>
    public TestSets OfOneProcess() => new(sets, model, batchSize, workers, view);

    /// <summary>What a classifier makes of all sets, in their order.</summary>
    public IReadOnlyList<ClassificationOutcome> Classify(ImageClassifier classifier, CancellationToken cancellation) =>
        [.. sets.Select(test => Classify(classifier, test.Set, test.Images, cancellation))];

    /// <summary>The figures of all sets.</summary>
    /// <param name="outcomes">From <see cref="Classify(ImageClassifier, CancellationToken)"/>.</param>
    public IReadOnlyList<TestScores> Scores(IReadOnlyList<ClassificationOutcome> outcomes) =>
    [
        .. sets.Zip(outcomes, (test, outcome) => new TestScores(
            test.Source,
            test.Images.Images.Count,
            outcome.Value(Metric.Top1),
            outcome.Value(Metric.Top5),
            outcome.Value(Metric.MeanPerClass))),
    ];

    /// <summary>Writes the results that every evaluation has.</summary>
    public void Write(
        string folder, string name, ImageClassifier classifier, IReadOnlyList<ClassificationOutcome> outcomes, CancellationToken cancellation)
    {
        var hashes = SourceProgress.Hashes(CacheFolder.Default, view.Message);
        var evaluated = new List<EvaluatedSet>();
        foreach (var ((source, set, images), outcome) in sets.Zip(outcomes))
        {
            var references = set.ResultsOf(FineTuneMeasure);
            var result = EvaluationResult.Of(
                set.Name,
                set.Metric,
                outcome,
                images.Images.Fingerprint(hashes, cancellation),
                references: references,
                settings: new Dictionary<string, string> { ["test"] = source },
                cancellation: cancellation);
            evaluated.Add(new EvaluatedSet(result, outcome, images.Images));
        }

        ResultsFolder.Write(folder, TaskHeader.Of(name, classifier.Parameters, model, "fine-tuned"), evaluated);
    }

    private ClassificationOutcome Classify(ImageClassifier classifier, DataSetDescription set, LabelledImages images, CancellationToken cancellation)
    {
        var meter = new ItemMeter(view, "test", "images", images.Images.Count);
        var loader = new ImageLoader(images.Images, _transform, workers);
        return ClassifierEvaluator.Classify(classifier, images, loader, batchSize, set.Metric.NeedsScores(), meter.Report, ranks, cancellation);
    }

    /// <summary>As named numbers, for logs: <c>test/top1</c>, of further sets <c>test2/top1</c>.</summary>
    public static IReadOnlyDictionary<string, double> Values(IReadOnlyList<TestScores> tests) => tests.Index()
        .SelectMany(test => new (string Name, double Value)[]
        {
            ("top1", test.Item.Top1), ("top5", test.Item.Top5), ("meanPerClass", test.Item.MeanPerClass),
        }.Select(figure => ($"test{(test.Index == 0 ? "" : test.Index + 1)}/{figure.Name}", figure.Value)))
        .ToDictionary();

    /// <summary>Measures weights between a classifier before and after fine-tuning; the classifier has its own again afterwards.</summary>
    public IReadOnlyList<InterpolatedScores> Interpolate(
        ImageClassifier tuned, ImageClassifier start, IReadOnlyList<double> alphas, CancellationToken cancellation)
    {
        var scores = new List<InterpolatedScores>();
        using var weights = tuned.Parameters.Master.clone().DetachFromDisposeScope();
        try
        {
            foreach (var alpha in alphas)
            {
                WeightInterpolation.Apply(tuned.Parameters, start.Parameters.Master, weights, alpha);
                scores.Add(new InterpolatedScores(alpha, Scores(Classify(tuned, cancellation))));
            }
        }
        finally
        {
            WeightInterpolation.Apply(tuned.Parameters, weights, weights, 1);
        }

        return scores;
    }
}
