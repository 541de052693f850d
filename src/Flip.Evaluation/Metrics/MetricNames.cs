namespace Flip.Evaluation.Metrics;

/// <summary>What metrics are called, and what they need.</summary>
public static class MetricNames
{
    /// <summary>Name for a table's reader.</summary>
    public static string Title(this Metric metric) => metric switch
    {
        Metric.Top1 => "top-1",
        Metric.Top5 => "top-5",
        Metric.MeanPerClass => "mean per class",
        Metric.MeanTop1Top5 => "mean of top-1 and top-5",
        Metric.ElevenPointMap => "11-point mAP",
        Metric.RocAuc => "ROC-AUC",
        Metric.Recall => "R@1, mean of both ways",
        Metric.CiderD => "CIDEr-D",
        Metric.VqaAccuracy => "VQA accuracy",
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "No such metric."),
    };

    /// <summary>The largest value.</summary>
    public static double Most(this Metric metric) => metric == Metric.CiderD ? 10 : 1;

    /// <summary>Whether it is of classes, which have names.</summary>
    public static bool IsOfClasses(this Metric metric) => metric is not (Metric.Recall or Metric.CiderD or Metric.VqaAccuracy);

    /// <summary>Whether all scores of an image are needed, not only the first five and the right class's rank.</summary>
    public static bool NeedsScores(this Metric metric) => metric is Metric.ElevenPointMap or Metric.RocAuc;
}
