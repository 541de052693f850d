using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Retrieval;
using Flip.Tests.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Reports;

/// <summary>Results made of drawn scores.</summary>
internal static class SampleResults
{
    public static readonly EvaluationHeader Header = new(
        "runs/mine", "sha256:0011", "sha256:2233", "zero-shot", "none (whole images)", "flip7", "flip, 64 pixels");

    public static string[] Keys(int images) => [.. Enumerable.Range(0, images).Select(image => $"val/{image:0000}")];

    public static string[] Names(int classes) => [.. Enumerable.Range(0, classes).Select(label => $"class {label}")];

    public static ClassificationOutcome Classification(
        int images = 30, int classes = 7, bool several = false, int item = 0, bool keepScores = false, int levels = 1 << 20)
    {
        var (scores, labels) = RandomScores.Draw(images, classes, levels, several, item);
        return ClassificationOutcome.Of(Keys(images), labels, Names(classes), scores, keepScores);
    }

    /// <summary>Eight images, of which the first two have two texts.</summary>
    public static RetrievalOutcome Retrieval(int item = 0)
    {
        int[] textToImage = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7];
        var (scores, _) = RandomScores.Draw(10, 8, item: item);
        return RetrievalOutcome.Of(Keys(8), textToImage, Recall.OfScores(scores, textToImage, 8));
    }

    public static EvaluatedSet Set(
        string name, Metric metric, EvaluationOutcome outcome, IReadOnlyList<ReferenceResult>? references = null, string data = "d0") =>
        new(EvaluationResult.Of(
            name, metric, outcome, data, references: references, settings: new Dictionary<string, string> { ["prompts"] = "plain" }, samples: 200),
            outcome);

    /// <summary>One of each kind, with publications' columns.</summary>
    public static EvaluatedSet[] Sets() =>
    [
        Set("birds", Metric.MeanPerClass, Classification(),
            [new("CLIP L/14", 0.761, "FLIP, table 4"), new("FLIP L/14", 0.7465, "FLIP, table 4")]),
        Set("scenes", Metric.ElevenPointMap, Classification(40, 6, several: true, keepScores: true), [new("FLIP L/14", 0.8, "FLIP, table 5")]),
        Set("memes", Metric.RocAuc, Classification(24, 2, keepScores: true)),
        Set("photos", Metric.Recall, Retrieval(), [new("FLIP L/14", 0.607, "FLIP, table 6", "imageToText/R@1")]),
    ];
}
