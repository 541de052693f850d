using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Metrics;

/// <summary>VOC's difficult objects, and images of sets with several labels that have none.</summary>
public class IgnoredLabelsTests
{
    // By falling score for class 0: image 0 (right), 1 (difficult), 2 (another's), 3 (right), 4 (nothing at all).
    private static readonly float[] Scores = [5, 0, 4, 1, 3, 2, 2, 0, 1, 3];
    private static readonly int[][] Labels = [[0], [], [1], [0], []];
    private static readonly int[][] Ignored = [[], [0], [], [], []];

    [Fact]
    public void A_difficult_object_counts_neither_for_nor_against()
    {
        var scores = new LabelledScores(Scores, 2, Labels, ignored: Ignored);

        // Without image 1 the ranking is right, wrong, right, wrong: precisions 1 and 2/3.
        Assert.Equal(((6 * 1.0) + (5 * 2.0 / 3)) / 11, AveragePrecision.PerClass(scores, elevenPoint: true)[0], 12);
        Assert.Equal((1 + (2.0 / 3)) / 2, AveragePrecision.PerClass(scores, elevenPoint: false)[0], 12);

        // Were it a mistake, the second right image would have a precision of 2/4.
        var strict = new LabelledScores(Scores, 2, Labels, ignored: [[], [], [], [], []]);
        Assert.Equal((1 + (2.0 / 4)) / 2, AveragePrecision.PerClass(strict, elevenPoint: false)[0], 12);
    }

    [Fact]
    public void An_image_without_a_class_is_a_wrong_answer_to_every_class_and_no_hit()
    {
        var outcome = ClassificationOutcome.Of(["a", "b", "c", "d", "e"], Labels, ["x", "y"], Scores, keepScores: true, Ignored);
        Assert.Equal([1, 1, 2, 1, 3], outcome.Predictions.Select(image => image.Rank)); // b: its difficult class is the first
        Assert.Equal(-1, outcome.Predictions[4].FirstRight.Class);
        Assert.Equal(1, outcome.Confusions().Sum(pair => pair.Images));
        Assert.Equal("c", Assert.Single(outcome.WorstMistakes(5)).Key);
        Assert.Equal(
            AveragePrecision.Mean(new LabelledScores(Scores, 2, Labels, ignored: Ignored), elevenPoint: true).Value, outcome.Statistic(Metric.ElevenPointMap).Value(), 12);
    }

    [Fact]
    public void The_records_are_read_back_as_they_were_written()
    {
        using var folder = new TemporaryFolder();
        var outcome = ClassificationOutcome.Of(["a", "b", "c", "d", "e"], Labels, ["x", "y"], Scores, keepScores: true, Ignored);
        var result = EvaluationResult.Of("voc", Metric.ElevenPointMap, outcome, "data", samples: 100);
        ResultsFolder.Write(folder.Path, new EvaluationHeader("m", "w", "c", "zero-shot", "None", "t", "Flip"), [new EvaluatedSet(result, outcome)]);
        var compared = Comparison.Of(folder.Path, folder.Path, 100);
        Assert.Equal(0, Assert.Single(compared.Sets).Difference);
        Assert.Empty(compared.Refused);
    }

    [Fact]
    public void Without_ignored_classes_every_image_needs_one()
    {
        Assert.Contains(
            "Image 1 has no label", Assert.Throws<ConfigException>(() => new LabelledScores(Scores, 2, Labels)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "twice", Assert.Throws<ConfigException>(() => new LabelledScores([1, 2], 2, [[0]], ignored: [[0]])).Message, StringComparison.Ordinal);
    }
}
