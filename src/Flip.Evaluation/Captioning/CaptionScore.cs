namespace Flip.Evaluation.Captioning;

/// <summary>What one caption reaches.</summary>
/// <param name="Bleu">What BLEU is computed from.</param>
/// <param name="RougeL">ROUGE-L.</param>
/// <param name="CiderD">CIDEr-D.</param>
/// <param name="Cider">CIDEr as first defined.</param>
public sealed record CaptionScore(BleuCounts Bleu, double RougeL, double CiderD, double Cider)
{
    /// <summary>The value of a metric. A caption's BLEU is that of its own counts.</summary>
    public double Of(CaptionMetric metric) => metric switch
    {
        CaptionMetric.Bleu1 or CaptionMetric.Bleu2 or CaptionMetric.Bleu3 or CaptionMetric.Bleu4 => Bleu.Score(Order(metric)),
        CaptionMetric.RougeL => RougeL,
        CaptionMetric.CiderD => CiderD,
        CaptionMetric.Cider => Cider,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "No such metric."),
    };

    /// <summary>How many words in a row a BLEU counts at most; 0 for another metric.</summary>
    internal static int Order(CaptionMetric metric) => metric switch
    {
        CaptionMetric.Bleu1 => 1,
        CaptionMetric.Bleu2 => 2,
        CaptionMetric.Bleu3 => 3,
        CaptionMetric.Bleu4 => 4,
        _ => 0,
    };
}
