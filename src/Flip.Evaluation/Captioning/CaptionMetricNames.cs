namespace Flip.Evaluation.Captioning;

/// <summary>Titles of metrics in tables.</summary>
public static class CaptionMetricNames
{
    /// <summary>The title in a table.</summary>
    public static string Title(this CaptionMetric metric) => metric switch
    {
        CaptionMetric.Bleu1 => "BLEU-1",
        CaptionMetric.Bleu2 => "BLEU-2",
        CaptionMetric.Bleu3 => "BLEU-3",
        CaptionMetric.Bleu4 => "BLEU-4",
        CaptionMetric.RougeL => "ROUGE-L",
        CaptionMetric.CiderD => "CIDEr-D",
        CaptionMetric.Cider => "CIDEr",
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "No such metric."),
    };
}
