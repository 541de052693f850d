using System.Globalization;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a classifier made of labelled images: a zero-shot one, a probe, nearest neighbours or a fine-tuned model.</summary>
public sealed class ClassificationOutcome : EvaluationOutcome
{
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <param name="predictions">The images in their order.</param>
    /// <exception cref="ConfigException">There are no images, or two have one key.</exception>
    public ClassificationOutcome(IReadOnlyList<string> classNames, IReadOnlyList<Prediction> predictions)
    {
        CheckKeys(predictions);
        (ClassNames, Predictions) = (classNames, predictions);
    }

    /// <summary>Names in the order of the labels.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The images in their order.</summary>
    public IReadOnlyList<Prediction> Predictions { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<IPrediction> Images => Predictions;

    private bool HasScores => Predictions.All(prediction => prediction.Scores is not null);

    private List<int[]> Labels => [.. Predictions.Select(prediction => prediction.Right)];

    private List<int> Ranks => [.. Predictions.Select(prediction => prediction.Rank)];

    /// <summary>The outcome of scores that are in memory; a stream goes through <see cref="ClassificationAccumulator"/>.</summary>
    /// <inheritdoc cref="ClassificationAccumulator.Add"/>
    /// <param name="classNames">Names in the order of the labels.</param>
    /// <param name="ignored">See <see cref="LabelledScores.Ignored"/>.</param>
    /// <param name="keepScores">Whether to keep all scores, for <see cref="Metric.ElevenPointMap"/> and <see cref="Metric.RocAuc"/>.</param>
    public static ClassificationOutcome Of(
        IReadOnlyList<string> keys,
        IReadOnlyList<int[]> labels,
        IReadOnlyList<string> classNames,
        float[] scores,
        bool keepScores = false,
        IReadOnlyList<int[]>? ignored = null)
    {
        var accumulator = new ClassificationAccumulator(classNames, keepScores);
        accumulator.Add(keys, labels, scores, ignored);
        return accumulator.ToOutcome();
    }

    /// <inheritdoc/>
    public override Statistic Statistic(Metric metric) => metric switch
    {
        Metric.Top1 => Accuracy.TopK(Ranks, 1),
        Metric.Top5 => Accuracy.TopK(Ranks, 5),
        Metric.MeanPerClass => Accuracy.MeanPerClass(Labels, ClassNames.Count, Ranks),
        Metric.MeanTop1Top5 => Accuracy.MeanTop1Top5(Ranks),
        Metric.ElevenPointMap => AveragePrecision.Statistic(AllScores(metric), elevenPoint: true),
        Metric.RocAuc => RocAuc.Statistic(AllScores(metric)),
        _ => throw new ConfigException($"{metric.Title()} is no metric of classification."),
    };

    /// <inheritdoc/>
    public override double Chance(Metric metric) => metric switch
    {
        Metric.Top1 => Predictions.Average(image => Chance(image, 1)),
        Metric.Top5 => Predictions.Average(image => Chance(image, 5)),
        Metric.MeanTop1Top5 => (Chance(Metric.Top1) + Chance(Metric.Top5)) / 2,
        Metric.MeanPerClass => ByClass().Average(images => images.Average(image => Chance(image, 1))),
        Metric.ElevenPointMap => ByClass().Average(images => (double)images.Count() / Predictions.Count),
        Metric.RocAuc => 0.5,
        _ => throw new ConfigException($"{metric.Title()} is no metric of classification."),
    };

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Chances() => new OrderedDictionary<string, double>
    {
        ["top1"] = Chance(Metric.Top1),
        ["top5"] = Chance(Metric.Top5),
        ["meanPerClass"] = Chance(Metric.MeanPerClass),
    };

    /// <summary><c>top1</c>, <c>top5</c> and <c>meanPerClass</c>; with all scores kept also <c>elevenPointMap</c> and <c>plainMap</c>, and of two
    /// classes <c>rocAuc</c>.</summary>
    public override IReadOnlyDictionary<string, double> Measures()
    {
        var measures = new OrderedDictionary<string, double>
        {
            ["top1"] = Statistic(Metric.Top1).Value(),
            ["top5"] = Statistic(Metric.Top5).Value(),
            ["meanPerClass"] = Statistic(Metric.MeanPerClass).Value(),
        };
        if (HasScores)
        {
            measures["elevenPointMap"] = Statistic(Metric.ElevenPointMap).Value();
            measures["plainMap"] = AveragePrecision.Mean(AllScores(Metric.ElevenPointMap), elevenPoint: false).Value;
            if (ClassNames.Count == 2 && Predictions.All(image => image.Right.Length == 1) && ByClass().Count() == 2)
            {
                measures["rocAuc"] = Statistic(Metric.RocAuc).Value();
            }
        }

        return measures;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes(Metric metric)
    {
        var notes = new List<string>();
        var empty = ClassNames.Count - ByClass().Count();
        if (empty > 0)
        {
            var effect = metric is Metric.MeanPerClass or Metric.ElevenPointMap ? " and are left out of the mean" : string.Empty;
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{empty} of {ClassNames.Count} classes have no image{effect}."));
        }

        if (metric is Metric.Top5 or Metric.MeanTop1Top5 && ClassNames.Count <= Prediction.TopCount)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"There are {ClassNames.Count} classes, so top-5 is always reached."));
        }

        return notes;
    }

    /// <summary>Images and hits of each class, in the order of the labels; an image counts in each of its right classes.</summary>
    public IReadOnlyList<ClassScore> PerClass()
    {
        var byClass = ByClass().ToDictionary(images => images.Key);
        return
        [
            .. ClassNames.Select((name, label) => byClass.TryGetValue(label, out var images)
                ? new ClassScore(name, images.Count(), images.Count(image => image.IsHit))
                : new ClassScore(name, 0, 0)),
        ];
    }

    /// <summary>The 11-point average precision of each class, NaN for one without images; null where not all scores were kept.</summary>
    public IReadOnlyList<double>? AveragePrecisions() =>
        HasScores ? AveragePrecision.PerClass(AllScores(Metric.ElevenPointMap), elevenPoint: true) : null;

    /// <summary>Pairs of classes that were mistaken for each other, the most frequent first; equals in the order of their classes.</summary>
    public IReadOnlyList<Confusion> Confusions() =>
    [
        .. Predictions.Where(image => !image.IsHit && image.FirstRight.Class >= 0)
            .CountBy(image => (Right: image.FirstRight.Class, image.Predicted))
            .Select(pair => new Confusion(pair.Key.Right, pair.Key.Predicted, pair.Value))
            .OrderByDescending(pair => pair.Images).ThenBy(pair => pair.Right).ThenBy(pair => pair.Predicted),
    ];

    /// <summary>Images whose predicted class is the farthest above the right one, the farthest first.</summary>
    public IReadOnlyList<Prediction> WorstMistakes(int most) =>
        [.. Predictions.Where(image => !image.IsHit && image.FirstRight.Class >= 0).OrderByDescending(image => image.Margin).Take(most)];

    private IEnumerable<IGrouping<int, Prediction>> ByClass() =>
        Predictions.SelectMany(image => image.Right, (image, label) => (image, label)).GroupBy(pair => pair.label, pair => pair.image);

    private double Chance(Prediction image, int k) => Metrics.Chance.AmongFirst(image.Right.Length, ClassNames.Count, k);

    private LabelledScores AllScores(Metric metric)
    {
        if (!HasScores)
        {
            throw new ConfigException($"{metric.Title()} needs all scores of every image, and they were not kept.");
        }

        var classes = ClassNames.Count;
        var values = new float[checked(Predictions.Count * classes)];
        foreach (var (image, prediction) in Predictions.Index())
        {
            prediction.Scores!.CopyTo(values, image * classes);
        }

        return new(
            values,
            classes,
            Labels,
            [.. Predictions.Select(prediction => prediction.Key)],
            Predictions[0].Ignored is null ? null : [.. Predictions.Select(prediction => prediction.Ignored ?? [])]);
    }
}
