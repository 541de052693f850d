using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Sources;
using Flip.Evaluation.Classification;
using Flip.Finetuning;
using Flip.Models;
using TorchSharp;

namespace Flip.Cli.Runs;

/// <summary>A classifier's figures on one test set.</summary>
/// <param name="Source">The set.</param>
/// <param name="Images">Its images.</param>
/// <param name="Top1">Share whose right class has the highest score.</param>
/// <param name="Top5">Share whose right class is among the five highest.</param>
/// <param name="MeanPerClass">Mean of the classes' top-1.</param>
internal sealed record TestScores(string Source, int Images, double Top1, double Top5, double MeanPerClass);

/// <summary>The figures of interpolated weights.</summary>
/// <param name="Alpha">Share of the fine-tuned weights, 0 to 1.</param>
/// <param name="Tests">On each test set.</param>
internal sealed record InterpolatedScores(double Alpha, IReadOnlyList<TestScores> Tests);

/// <summary>The test sets of a classifier.</summary>
internal sealed class TestSets(
    IReadOnlyList<(string Source, LabelledImages Set)> sets, FlipConfig model, int batchSize, int workers, IProgressView view)
{
    private readonly EvaluationTransform _transform = new(model.Eval.Transform, model.Model.Image.ImageSize);

    /// <summary>Opens test sets whose classes are the given ones.</summary>
    public static TestSets Open(
        IReadOnlyList<string> sources,
        IReadOnlyList<string> classNames,
        FlipConfig model,
        FinetuneConfig config,
        IProgressView view,
        CancellationToken cancellation) => new(
            [.. sources.Select(source =>
                (source, LabelledData.Open(source, classNames, new IndexingProgress(view.Message).Report, cancellation)))],
            model,
            config.EvalBatchSize,
            config.Workers,
            view);

    /// <summary>Scores all sets.</summary>
    public IReadOnlyList<TestScores> Measure(ImageClassifier classifier, CancellationToken cancellation)
    {
        var all = new List<TestScores>();
        foreach (var (source, set) in sets)
        {
            var meter = new ItemMeter(view, "test", "images", set.Images.Count);
            var loader = new ImageLoader(set.Images, _transform, workers);
            var result = ClassifierScores.Of(classifier, set, loader, batchSize, meter.Report, cancellation).Ranked();
            all.Add(new TestScores(source, set.Images.Count, result.TopK(1), result.TopK(5), result.MeanPerClass()));
        }

        return all;
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
                scores.Add(new InterpolatedScores(alpha, Measure(tuned, cancellation)));
            }
        }
        finally
        {
            WeightInterpolation.Apply(tuned.Parameters, weights, weights, 1);
        }

        return scores;
    }
}
